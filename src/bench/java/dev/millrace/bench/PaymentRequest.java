package dev.millrace.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * The request that pays an order, as the bytes that go over the wire. They are laid out once: from one order to the next only
 * digits change, and those are written in place.
 *
 * <p>To be used again when the answer to the last one is there, not before.
 */
final class PaymentRequest implements AutoCloseable {

    private static final String HEAD = """
            POST /payments HTTP/1.1\r
            Host: localhost\r
            Content-Type: application/json\r
            Content-Length: %d\r
            Idempotency-Key: pay-%s""";

    private static final String ORDER = "\r\n\r\n{\"orderId\":\"%s";
    private static final String USER = "\",\"userId\":%s}";

    /** JSON allows blanks before a number, so that each body is as long as the next. */
    private static final int USER_DIGITS = 12;

    private final Orders orders;
    private final ByteBuf bytes;
    private final int key;
    private final int order;
    private final int user;

    PaymentRequest(Orders orders) {
        this.orders = orders;
        String id = orders.id(0);
        String order = ORDER.formatted(id);
        String user = USER.formatted(" ".repeat(USER_DIGITS));
        String head = HEAD.formatted(order.strip().length() + user.length(), id);
        this.bytes = Unpooled.directBuffer().writeBytes((head + order + user).getBytes(US_ASCII));
        this.key = head.length() - Orders.DIGITS;
        this.order = head.length() + order.length() - Orders.DIGITS;
        this.user = bytes.writerIndex() - 1 - USER_DIGITS;
    }

    /** The bytes for that order; whoever sends them releases them, as ever. */
    ByteBuf of(long number) {
        write(number, key, Orders.DIGITS, '0');
        write(number, order, Orders.DIGITS, '0');
        write(orders.account(number), user, USER_DIGITS, ' ');
        return bytes.readerIndex(0).retain();
    }

    @Override
    public void close() {
        bytes.release();
    }

    private void write(long number, int start, int digits, char before) {
        long left = number;
        for (int i = start + digits - 1; i >= start; i--) {
            bytes.setByte(i, left > 0 ? '0' + (int) (left % 10) : before);
            left /= 10;
        }
    }
}
