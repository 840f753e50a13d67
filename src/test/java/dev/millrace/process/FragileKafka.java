package dev.millrace.process;

import dev.millrace.harness.KafkaTopic;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** A Kafka of a test's own, in a process of its own, which can be killed and comes back on the same port with the same data. */
final class FragileKafka implements AutoCloseable {

    private static final String STARTED = "Kafka Server started";
    private static final String CLUSTER = "bWlsbHJhY2UtdGVzdHMtMQ";
    private static final List<String> JAVA =
            List.of("-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", System.getProperty("java.class.path"));

    private final int port;
    private final Path settings;
    private JavaProcess server;

    private FragileKafka(int port, Path settings) {
        this.port = port;
        this.settings = settings;
        JavaProcess formatting = java("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", settings.toString());
        formatting.awaitExit(Duration.ofSeconds(30));
        formatting.close();
        this.server = start();
    }

    /** Starts one whose data are in the directory, and returns when it takes requests. */
    static FragileKafka in(Path directory) throws IOException {
        int port = freePort();
        int controller = freePort();
        Path settings = directory.resolve("server.properties");
        Files.writeString(settings, """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@localhost:%2$d
                listeners=BROKER://localhost:%1$d,CONTROLLER://localhost:%2$d
                listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
                inter.broker.listener.name=BROKER
                controller.listener.names=CONTROLLER
                log.dirs=%3$s
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=1
                auto.create.topics.enable=false
                group.initial.rebalance.delay.ms=0
                broker.heartbeat.interval.ms=500
                broker.session.timeout.ms=3000
                """.formatted(port, controller, directory.resolve("kafka")));
        return new FragileKafka(port, settings);
    }

    /** The topic that events go to unless a service is told otherwise. */
    KafkaTopic events() {
        return new KafkaTopic(servers(), "millrace.events");
    }

    /** The arguments that have a service use it. */
    List<String> arguments() {
        return List.of("--millrace.bus.transport=kafka", "--millrace.bus.kafka.bootstrap-servers=" + servers());
    }

    /** {@code kill -9}. */
    void kill() {
        server.close();
    }

    /** Starts it again after a kill, and returns when it takes requests. */
    void restart() {
        server = start();
    }

    @Override
    public void close() {
        server.close();
    }

    private String servers() {
        return "localhost:" + port;
    }

    private JavaProcess start() {
        return java("kafka.Kafka", settings.toString()).awaitStart(STARTED);
    }

    private static JavaProcess java(String... arguments) {
        List<String> command = new ArrayList<>(JAVA);
        command.addAll(List.of(arguments));
        return JavaProcess.start(command);
    }

    /**
     * Below those that the system gives to connections: who tries again and again to connect to such a port, while nobody
     * listens, is connected to himself some day and keeps the port.
     */
    private static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // then another one
            }
        }
    }
}
