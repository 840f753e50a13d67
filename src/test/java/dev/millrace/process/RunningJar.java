package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The packaged service as a process of its own, which can be stopped, killed and started again on the same data. */
final class RunningJar implements AutoCloseable {

    private static final Path JAR = Path.of(System.getProperty("millrace.jar", "target/millrace.jar"));
    private static final String LAUNCHER = "org.springframework.boot.loader.launch.PropertiesLauncher";
    private static final Path TEST_CLASSES = Path.of("target", "test-classes");
    private static final Path LOGS = Path.of("target", "process-logs");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final AtomicInteger STARTS = new AtomicInteger();
    private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");
    private static final String STARTED = "Started Millrace in";

    private final Process process;
    private final Thread killer;
    private final Path log;
    private final URI address;

    private RunningJar(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.killer = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killer);
        this.address = awaitStart();
    }

    /** Starts the jar on a free port, on a database file in the directory, and returns when it takes requests. */
    static RunningJar start(Path dataDirectory, String... arguments) {
        return start(Storage.EMBEDDED.create(dataDirectory), arguments);
    }

    /** Starts the jar on a free port and that {@link Storage}, and returns when it takes requests. */
    static RunningJar start(List<String> storage, String... arguments) {
        return start(List.of("-jar", JAR.toString()), storage, arguments);
    }

    /** Starts it with a class of the tests as a part of its configuration. */
    static RunningJar startWith(Class<?> configuration, Path dataDirectory, String... arguments) {
        String source = "--spring.main.sources=" + configuration.getName();
        List<String> launch = List.of("-Dloader.path=" + TEST_CLASSES, "-cp", JAR.toString(), LAUNCHER, source);
        return start(launch, Storage.EMBEDDED.create(dataDirectory), arguments);
    }

    private static RunningJar start(List<String> launch, List<String> storage, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Half the time to start, and nothing here measures speed.
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(launch);
        command.add("--server.port=0");
        command.addAll(storage);
        command.addAll(List.of(arguments));
        try {
            Files.createDirectories(LOGS);
            Path log =
                    LOGS.resolve("%d-%d.log".formatted(ProcessHandle.current().pid(), STARTS.incrementAndGet()));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new RunningJar(process, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI address() {
        return address;
    }

    /** Where something else that belongs to this run can be written. */
    Path logBeside(String name) {
        return log.resolveSibling(name);
    }

    /** What it has logged so far; a line that is not yet complete is left out. */
    List<String> log() {
        String text = readLog();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Ends it as a power cut would: {@code kill -9}. */
    void kill() {
        process.destroyForcibly();
        awaitExit(Duration.ofSeconds(10));
    }

    /** Asks it to stop: SIGTERM. */
    void requestStop() {
        process.destroy();
    }

    void awaitExit(Duration atMost) {
        try {
            assertThat(process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS))
                    .as("has exited after %s", atMost)
                    .isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(killer);
    }

    private URI awaitStart() {
        try {
            await().atMost(START_TIMEOUT)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> readLog().contains(STARTED) || !process.isAlive());
            Matcher port = PORT.matcher(readLog());
            assertThat(port.find()).as("has started:%n%s", readLog()).isTrue();
            return URI.create("http://localhost:" + port.group(1));
        } catch (RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private String readLog() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
