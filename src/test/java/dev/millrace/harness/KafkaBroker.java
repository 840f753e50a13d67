package dev.millrace.harness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
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

    private static final Duration POLL = Duration.ofMillis(100);
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

    /** Everything that is in the topic now, partition by partition. */
    public static List<ConsumerRecord<byte[], byte[]>> read(String topic) {
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        try (var consumer = new KafkaConsumer<>(settings(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                consumer.poll(POLL).forEach(found::add);
            }
        }
        return found;
    }

    /** Sends the records as anybody might, and waits until they are there. */
    public static void send(List<ProducerRecord<byte[], byte[]>> records) {
        try (var producer = new KafkaProducer<>(settings(), new ByteArraySerializer(), new ByteArraySerializer())) {
            records.forEach(producer::send);
            producer.flush();
        }
    }

    private static Map<String, Object> settings() {
        return Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, servers());
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
