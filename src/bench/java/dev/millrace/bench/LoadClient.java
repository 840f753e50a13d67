package dev.millrace.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Pays orders over HTTP, each with a key of its own, on connections that are kept open. One thread does all of it and reads
 * no more of an answer than its status: the machine is the service's.
 */
final class LoadClient implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String REQUEST = """
            POST /payments HTTP/1.1\r
            Host: localhost\r
            Content-Type: application/json\r
            Idempotency-Key: pay-%s\r
            Content-Length: %d\r
            \r
            %s""";

    private static final String BODY = "{\"orderId\":\"%s\",\"userId\":%d}";

    private final EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, io());
    private final EventLoop thread = threads.next();

    /** Each client sends its next payment when it has its answer, for as long; then the answers that are missing are awaited. */
    Outcome run(InetSocketAddress address, Orders orders, int connections, Duration duration) {
        Outcome outcome = new Outcome();
        Turn turn = new Turn(orders, duration, outcome);
        List<Channel> channels = connect(address, turn, connections);
        try {
            thread.execute(turn::begin);
            turn.over.get(duration.plus(PATIENCE).toSeconds(), TimeUnit.SECONDS);
            return outcome;
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("No answer for " + PATIENCE + ": " + outcome, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            channels.forEach(channel -> channel.close().syncUninterruptibly());
        }
    }

    @Override
    public void close() {
        threads.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private List<Channel> connect(InetSocketAddress address, Turn turn, int connections) {
        Bootstrap bootstrap = new Bootstrap()
                .group(threads)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new HttpResponseDecoder(), new Client(turn));
                    }
                });
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            ChannelFuture connecting = bootstrap.connect(address).syncUninterruptibly();
            channels.add(connecting.channel());
        }
        return channels;
    }

    private static IoHandlerFactory io() {
        return Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }

    /** All that happens on the one thread, from the first request to the last answer. */
    private final class Turn {

        private final Orders orders;
        private final Duration duration;
        private final Outcome outcome;
        private final Deque<Client> free = new ArrayDeque<>();
        private final CompletableFuture<Outcome> over = new CompletableFuture<>();
        private int waiting;
        private long start;
        private long end;
        private boolean begun;

        Turn(Orders orders, Duration duration, Outcome outcome) {
            this.orders = orders;
            this.duration = duration;
            this.outcome = outcome;
        }

        void begin() {
            start = System.nanoTime();
            end = start + duration.toNanos();
            begun = true;
            send();
            thread.schedule(this::finishIfAnswered, duration.toNanos(), TimeUnit.NANOSECONDS);
        }

        private void send() {
            while (begun && !free.isEmpty() && System.nanoTime() < end) {
                long order = orders.take();
                if (order == Orders.NONE) {
                    end = System.nanoTime();
                    return;
                }
                waiting++;
                free.pop().send(orders, order);
            }
        }

        void connected(Client client) {
            free.push(client);
        }

        void answered(Client client, int status) {
            long now = System.nanoTime();
            outcome.record(status, now - client.sent, now <= end);
            free.push(client);
            leave();
        }

        void lost() {
            outcome.recordBroken();
            leave();
        }

        private void leave() {
            waiting--;
            send();
            finishIfAnswered();
        }

        private void finishIfAnswered() {
            if (waiting == 0 && System.nanoTime() >= end && !over.isDone()) {
                outcome.end(Duration.ofNanos(end - start));
                over.complete(outcome);
            }
        }
    }

    /** One connection, with one request under way at most. */
    private static final class Client extends SimpleChannelInboundHandler<HttpObject> {

        private final Turn turn;
        private Channel channel;
        private boolean waits;
        private int status;
        private long sent;

        Client(Turn turn) {
            this.turn = turn;
        }

        void send(Orders orders, long number) {
            sent = System.nanoTime();
            waits = true;
            String id = orders.id(number);
            String body = BODY.formatted(id, orders.account(number));
            byte[] request = REQUEST.formatted(id, body.length(), body).getBytes(StandardCharsets.US_ASCII);
            channel.writeAndFlush(Unpooled.wrappedBuffer(request), channel.voidPromise());
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
            turn.connected(this);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
            if (message instanceof HttpResponse response) {
                status = response.status().code();
            }
            if (message instanceof LastHttpContent) {
                waits = false;
                turn.answered(this, status);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (waits) {
                waits = false;
                turn.lost();
            }
            turn.free.remove(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
