package dev.millrace.database;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Stands between the service and a PostgreSQL, and cuts a connection where it is told to: right before it would pass the k-th
 * message on. It counts what follows a connection's start: each message of the server, and as one what the service sends up to
 * the point where it waits for an answer.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message Formats</a>
 */
final class CuttingProxy implements Closeable {

    private static final int SSL_REQUEST = 80877103;
    private static final int GSS_REQUEST = 80877104;

    /** Parse, Bind, Describe, Execute, Close: no answer is waited for before another message has followed. */
    private static final String AWAITING_MORE = "PBDEC";

    private static final byte[] COMMIT = message('Q', "COMMIT\0");

    /** How a connection ends, as the service sees it. */
    enum Cut {

        /** The other side is gone, and whatever is sent to it is refused. */
        RESET {
            @Override
            void end(Line line) throws IOException {
                line.service.setSoLinger(true, 0);
            }
        },

        /** The server says that it ends the connection, as it does for {@code pg_terminate_backend}. */
        TERMINATED {
            @Override
            void end(Line line) throws IOException {
                line.toService.write(FATAL);
            }
        };

        private static final byte[] FATAL =
                message('E', "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0");

        abstract void end(Line line) throws IOException;
    }

    private final int serverPort;
    private final ServerSocket entrance;
    private final Queue<Line> lines = new ConcurrentLinkedQueue<>();
    private Cut cut = Cut.RESET;
    private int left;
    private int leftFromCommit;
    private volatile long lastSaid = System.nanoTime();

    private CuttingProxy(int serverPort) throws IOException {
        this.serverPort = serverPort;
        this.entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        run(this::accept);
    }

    static CuttingProxy before(int serverPort) {
        try {
            return new CuttingProxy(serverPort);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return entrance.getLocalPort();
    }

    /** Cuts before the message of that number, the next one being 1. */
    synchronized void cutBefore(int number, Cut how) {
        cut = how;
        left = number;
    }

    /** Cuts the connection on which the next COMMIT is said, before the message of that number, the COMMIT being 1. */
    synchronized void cutFromCommit(int number, Cut how) {
        cut = how;
        leftFromCommit = number;
    }

    /** Whether that COMMIT has been said. */
    synchronized boolean isCommitSaid() {
        return leftFromCommit == 0;
    }

    private synchronized int takeLeftFromCommit() {
        int taken = leftFromCommit;
        leftFromCommit = 0;
        return taken;
    }

    synchronized void cutNothing() {
        left = 0;
    }

    /** Whether nobody has said anything for so long. */
    boolean isQuietFor(Duration time) {
        return System.nanoTime() - lastSaid > time.toNanos();
    }

    /** Whether no connection waits for an answer or has a transaction open. */
    boolean isAtRest() {
        return lines.stream().allMatch(line -> line.rests);
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        lines.forEach(Line::close);
    }

    private void accept() throws IOException {
        while (true) {
            Socket service = entrance.accept();
            Line line = new Line(service, new Socket(InetAddress.getLoopbackAddress(), serverPort));
            lines.add(line);
            run(line::forwardRequests);
            run(line::forwardAnswers);
        }
    }

    private synchronized boolean isToBeCut() {
        return left > 0 && --left == 0;
    }

    private static byte[] message(char type, String content) {
        byte[] bytes = content.getBytes(StandardCharsets.US_ASCII);
        int length = Integer.BYTES + bytes.length;
        return ByteBuffer.allocate(1 + length)
                .put((byte) type)
                .putInt(length)
                .put(bytes)
                .array();
    }

    private interface Work {

        void run() throws IOException;
    }

    private static void run(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException closed) {
                        // that was the end of it
                    }
                },
                "cutting-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    /** One connection of the service, and the one to the server that belongs to it. */
    private final class Line {

        private final Socket service;
        private final Socket server;
        private final OutputStream toService;
        private volatile boolean started;
        private volatile boolean rests;
        private volatile int leftFromCommit;

        Line(Socket service, Socket server) throws IOException {
            this.service = service;
            this.server = server;
            this.toService = service.getOutputStream();
            service.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        }

        void forwardRequests() throws IOException {
            try (service;
                    server) {
                DataInputStream in = new DataInputStream(service.getInputStream());
                OutputStream out = server.getOutputStream();
                out.write(readStart(in));
                ByteArrayOutputStream batch = new ByteArrayOutputStream();
                while (true) {
                    byte type = in.readByte();
                    rests = false;
                    byte[] message = readMessage(in, type);
                    if (Arrays.equals(message, COMMIT)) {
                        leftFromCommit = takeLeftFromCommit();
                    }
                    batch.write(message);
                    if (AWAITING_MORE.indexOf(type) < 0) {
                        if (!passes()) {
                            return;
                        }
                        batch.writeTo(out);
                        batch.reset();
                    }
                }
            } finally {
                close();
            }
        }

        void forwardAnswers() throws IOException {
            try (service;
                    server) {
                DataInputStream in = new DataInputStream(server.getInputStream());
                while (true) {
                    byte type = in.readByte();
                    byte[] message = readMessage(in, type);
                    if (!passes()) {
                        return;
                    }
                    boolean isReady = type == 'Z';
                    rests = isReady && message[message.length - 1] == 'I';
                    started |= isReady;
                    toService.write(message);
                }
            } finally {
                close();
            }
        }

        private synchronized boolean passes() throws IOException {
            lastSaid = System.nanoTime();
            if (service.isClosed()) {
                return false;
            }
            if (started && (isToBeCut() || isCommitToBeCut())) {
                cut.end(this);
                close();
                return false;
            }
            return true;
        }

        private boolean isCommitToBeCut() {
            return leftFromCommit > 0 && --leftFromCommit == 0;
        }

        /** The first message, which has no type; encryption is declined. */
        private byte[] readStart(DataInputStream in) throws IOException {
            byte[] start = readMessage(in);
            int code = ByteBuffer.wrap(start).getInt(Integer.BYTES);
            if (code != SSL_REQUEST && code != GSS_REQUEST) {
                return start;
            }
            toService.write('N');
            return readStart(in);
        }

        private static byte[] readMessage(DataInputStream in, byte... type) throws IOException {
            int length = in.readInt();
            return ByteBuffer.allocate(type.length + length)
                    .put(type)
                    .putInt(length)
                    .put(readExactly(length - Integer.BYTES, in))
                    .array();
        }

        private static byte[] readExactly(int length, DataInputStream in) throws IOException {
            byte[] bytes = in.readNBytes(length);
            if (bytes.length < length) {
                throw new EOFException();
            }
            return bytes;
        }

        void close() {
            rests = false;
            lines.remove(this);
            try {
                service.close();
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
