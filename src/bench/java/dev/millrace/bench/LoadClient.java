package dev.millrace.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Pays orders over HTTP, each with a key of its own, on connections that are kept open. One thread does all of it and reads
 * no more of an answer than its status: the machine is the service's.
 */
final class LoadClient implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, io());
    private final EventLoop thread = threads.next();

    /** Pays at that pace for as long; then the answers that are missing are awaited. */
    Outcome run(InetSocketAddress address, Orders orders, Pace pace, int connections, Duration duration) {
        Turn turn = new Turn(thread, orders, pace, duration);
        List<Channel> channels = connect(address, () -> new Client(turn, orders), connections);
        try {
            return turn.begin().get(duration.plus(PATIENCE).toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("Not every request was answered within " + PATIENCE, e);
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

    private List<Channel> connect(InetSocketAddress address, Supplier<Client> client, int connections) {
        Bootstrap bootstrap = new Bootstrap()
                .group(threads)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(client.get());
                    }
                });
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            channels.add(bootstrap.connect(address).syncUninterruptibly().channel());
        }
        return channels;
    }

    private static IoHandlerFactory io() {
        return Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }
}
