package dev.millrace.process;

import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A request on a connection of its own, sent as far as one likes. */
final class RawRequest implements AutoCloseable {

    private final MoneyRequest request;
    private final Socket socket;
    private final byte[] bytes;
    private int sent;

    private RawRequest(MoneyRequest request, Socket socket, byte[] bytes) {
        this.request = request;
        this.socket = socket;
        this.bytes = bytes;
    }

    static RawRequest to(URI address, MoneyRequest request) throws IOException {
        Socket socket = new Socket(address.getHost(), address.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(10_000);
        String head = String.join(
                "\r\n",
                "POST " + request.path() + " HTTP/1.1",
                "Host: " + address.getAuthority(),
                "Content-Type: application/json",
                "Idempotency-Key: " + request.key(),
                "Content-Length: " + request.body().length(),
                "Connection: close",
                "",
                "");
        return new RawRequest(request, socket, (head + request.body()).getBytes(StandardCharsets.US_ASCII));
    }

    MoneyRequest request() {
        return request;
    }

    int length() {
        return bytes.length;
    }

    /** Sends the next bytes. */
    void send(int count) throws IOException {
        socket.getOutputStream().write(bytes, sent, count);
        sent += count;
    }

    void sendRest() throws IOException {
        send(bytes.length - sent);
    }

    /** Reads the answer up to its end, which is the end of the connection. */
    Reply readReply() throws IOException {
        try (InputStream in = socket.getInputStream()) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (!text.startsWith("HTTP/1.1 ")) {
                throw new IOException("Not an answer: '" + text + "'");
            }
            int status = Integer.parseInt(text.substring(9, 12));
            return new Reply(
                    status, text.substring(text.indexOf("\r\n\r\n") + 4), text.contains("Idempotent-Replayed"));
        }
    }

    /** Waits until the answer begins, or so long. */
    void awaitAnswer(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            socket.getInputStream().read();
        } catch (SocketTimeoutException tooLong) {
            // then without an answer
        }
    }

    /** Hangs up: in good order, or with a reset that drops what is on the way. */
    void hangUp(boolean reset) throws IOException {
        if (reset) {
            socket.setSoLinger(true, 0);
        }
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
