package dev.millrace.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.DecoderException;

/** Reads the status of an answer and skips the rest of it, which comes whole or in pieces. */
final class AnswerReader implements AutoCloseable {

    static final int INCOMPLETE = 0;

    private static final byte[] LENGTH = "content-length:".getBytes(US_ASCII);
    private static final int STATUS = "HTTP/1.1 ".length();
    private static final int LOWER_CASE = 0x20;
    private static final int UNKNOWN = -1;

    private final ByteBuf pieces = Unpooled.buffer();

    /** The status of the answer that ends with this piece, or {@link #INCOMPLETE}. */
    int read(ByteBuf piece) {
        boolean whole = !pieces.isReadable();
        ByteBuf answer = whole ? piece : pieces.writeBytes(piece);
        int missing = missing(answer);
        if (missing < 0) {
            throw new DecoderException("More than was asked for: " + answer.toString(US_ASCII));
        }
        if (missing == 0) {
            int status = number(answer, answer.readerIndex() + STATUS);
            pieces.clear();
            return status;
        }
        if (whole) {
            pieces.writeBytes(piece);
        }
        return INCOMPLETE;
    }

    @Override
    public void close() {
        pieces.release();
    }

    /** How many bytes are still to come, at least. */
    private static int missing(ByteBuf answer) {
        int length = UNKNOWN;
        int line = answer.readerIndex();
        for (int end = endOf(answer, line); end != UNKNOWN; end = endOf(answer, line)) {
            if (end - line == 1) {
                return bodyLength(answer, length) - (answer.writerIndex() - end - 1);
            }
            if (isLength(answer, line, end)) {
                length = number(answer, line + LENGTH.length);
            }
            line = end + 1;
        }
        return 1;
    }

    private static int endOf(ByteBuf answer, int line) {
        return answer.indexOf(line, answer.writerIndex(), (byte) '\n');
    }

    private static int bodyLength(ByteBuf answer, int length) {
        if (length == UNKNOWN) {
            throw new DecoderException("No length: " + answer.toString(US_ASCII));
        }
        return length;
    }

    private static boolean isLength(ByteBuf answer, int line, int end) {
        if (end - line < LENGTH.length) {
            return false;
        }
        for (int i = 0; i < LENGTH.length; i++) {
            if ((answer.getByte(line + i) | LOWER_CASE) != (LENGTH[i] | LOWER_CASE)) {
                return false;
            }
        }
        return true;
    }

    /** The number that begins there, or after one blank. */
    private static int number(ByteBuf answer, int start) {
        int number = 0;
        for (int i = answer.getByte(start) == ' ' ? start + 1 : start; Character.isDigit(answer.getByte(i)); i++) {
            number = 10 * number + answer.getByte(i) - '0';
        }
        return number;
    }
}
