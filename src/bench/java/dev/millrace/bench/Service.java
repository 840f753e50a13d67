package dev.millrace.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The packaged service as a process of its own, with nothing changed but where its data is and how much it logs. */
final class Service implements AutoCloseable {

    static final String HEAP = "512m";

    private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");
    private static final String STARTED = "Started Millrace in";
    private static final Duration START_TIMEOUT = Duration.ofMinutes(5);

    private final Process process;
    private final Path log;
    private final Duration startUp;
    private final InetSocketAddress address;

    private Service(Process process, Path log, Duration startUp) throws IOException {
        this.process = process;
        this.log = log;
        this.startUp = startUp;
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        Matcher port = PORT.matcher(Files.readString(log));
        if (!port.find()) {
            throw new IllegalStateException("No port in " + log);
        }
        this.address = new InetSocketAddress("localhost", Integer.parseInt(port.group(1)));
    }

    /** Starts it with that heap, and returns when it takes requests. */
    static Service start(Options options, String name, String heap, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(options.java().toString(), "-Xmx" + heap));
        command.addAll(options.jvm());
        command.addAll(List.of("-jar", options.jar().toString()));
        command.addAll(List.of("--server.port=0", "--logging.level.dev.millrace.export=warn"));
        command.addAll(arguments);
        Files.createDirectories(options.directory());
        Path log = options.directory().resolve(name + ".log");
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            awaitStart(process, log, begun + START_TIMEOUT.toNanos());
            return new Service(process, log, Duration.ofNanos(System.nanoTime() - begun));
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    InetSocketAddress address() {
        return address;
    }

    /** From the start of the process until it took requests. */
    Duration startUp() {
        return startUp;
    }

    /** All the memory of the process that is in RAM, in MiB; nothing where the system does not tell. */
    OptionalLong residentMiB() throws IOException {
        Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
        if (!Files.exists(status)) {
            return OptionalLong.empty();
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1_024)
                .findFirst();
    }

    /** Whether it runs, and never ran out of memory. */
    boolean isWell() throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return process.isAlive() && lines.noneMatch(line -> line.contains("OutOfMemoryError"));
        }
    }

    /** What it answers to a GET. */
    String get(String path) {
        try (InputStream body = URI.create("http://localhost:" + address.getPort() + path)
                .toURL()
                .openStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    /** Asks it to stop, and waits until it has: a JVM that is to write an archive does that in the end. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitStart(Process process, Path log, long deadline) throws IOException {
        while (!Files.readString(log).contains(STARTED)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IllegalStateException("Has not started:\n" + Files.readString(log));
            }
            Wait.millis(20);
        }
    }
}
