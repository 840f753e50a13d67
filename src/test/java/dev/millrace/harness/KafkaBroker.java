package dev.millrace.harness;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/**
 * A real broker, started once for all tests, and the only way to it, which a test may cut: then every connection breaks off,
 * and none is taken. As an initializer it has the service use it.
 */
public final class KafkaBroker implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    private static final Queue<Connection> CONNECTIONS = new ConcurrentLinkedQueue<>();

    private static DisposableServer way = open(0);
    private static final int BROKER = start();

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        TestPropertyValues.of(
                        "millrace.bus.transport=kafka",
                        "millrace.bus.kafka.bootstrap-servers=" + servers(),
                        "millrace.bus.kafka.partitions=3")
                .applyTo(context);
    }

    public static String servers() {
        return "localhost:" + way.port();
    }

    public static void cut() {
        way.disposeNow();
        CONNECTIONS.forEach(Connection::disposeNow);
        CONNECTIONS.clear();
    }

    /** Opens the way again; once it is open this changes nothing. */
    public static void mend() {
        if (way.isDisposed()) {
            way = open(way.port());
        }
    }

    /** A topic on it. */
    public static KafkaTopic topic(String name) {
        return new KafkaTopic(servers(), name);
    }

    private static int start() {
        EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, 1);
        broker.brokerProperty("advertised.listeners", "EXTERNAL://" + servers());
        broker.brokerProperty("auto.create.topics.enable", "false");
        broker.brokerProperty("offsets.topic.num.partitions", "1");
        broker.afterPropertiesSet();
        return Integer.parseInt(broker.getBrokersAsString().replaceAll(".*:", ""));
    }

    private static DisposableServer open(int port) {
        return TcpServer.create()
                .host("localhost")
                .port(port)
                .doOnConnection(CONNECTIONS::add)
                .handle(KafkaBroker::pass)
                .bindNow();
    }

    private static Mono<Void> pass(NettyInbound fromClient, NettyOutbound toClient) {
        return TcpClient.create().host("localhost").port(BROKER).connect().flatMap(broker -> Mono.firstWithSignal(
                        broker.outbound()
                                .send(fromClient.receive().retain(), any -> true)
                                .then(),
                        toClient.send(broker.inbound().receive().retain(), any -> true)
                                .then())
                .doFinally(signal -> broker.dispose()));
    }
}
