package dev.millrace.process;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The packaged service as a process of its own, which can be stopped, killed and started again on the same data. */
final class RunningJar implements AutoCloseable {

    static final Path JAR = Path.of(System.getProperty("millrace.jar", "target/millrace.jar"));
    private static final List<String> AS_IT_IS = List.of("-jar", JAR.toString());
    private static final String LAUNCHER = "org.springframework.boot.loader.launch.PropertiesLauncher";
    private static final Path TEST_CLASSES = Path.of("target", "test-classes");
    private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");

    private static final List<String> TO_BE_MEASURED = List.of("-Xmx512m", "-Xlog:gc");

    private final JavaProcess process;
    private final URI address;

    private RunningJar(JavaProcess process) {
        this.process = process.awaitStart("Started Millrace in");
        Matcher port = PORT.matcher(process.logged());
        port.find();
        this.address = URI.create("http://localhost:" + port.group(1));
    }

    /** Starts the jar on a free port, on a database file in the directory, and returns when it takes requests. */
    static RunningJar start(Path dataDirectory, String... arguments) {
        return start(Storage.EMBEDDED.create(dataDirectory), arguments);
    }

    /** Starts the jar ({@link QuickStart}) on a free port and that {@link Storage}, and returns when it takes requests. */
    static RunningJar start(List<String> storage, String... arguments) {
        return start(QuickStart.options(), QuickStart.launch(), storage, List.of(arguments));
    }

    /** Starts the jar as those do who use it, with 512 MB to live on; it logs what it does with them. */
    static RunningJar startToMeasure(List<String> storage, List<String> arguments) {
        return start(TO_BE_MEASURED, AS_IT_IS, storage, arguments);
    }

    /** Starts it with a class of the tests as a part of its configuration. */
    static RunningJar startWith(Class<?> configuration, Path dataDirectory, String... arguments) {
        String source = "--spring.main.sources=" + configuration.getName();
        List<String> launch = List.of("-Dloader.path=" + TEST_CLASSES, "-cp", JAR.toString(), LAUNCHER, source);
        return start(QuickStart.options(), launch, Storage.EMBEDDED.create(dataDirectory), List.of(arguments));
    }

    private static RunningJar start(
            List<String> options, List<String> launch, List<String> storage, List<String> arguments) {
        List<String> command = new ArrayList<>(options);
        command.addAll(launch);
        command.add("--server.port=0");
        command.addAll(storage);
        command.addAll(arguments);
        return new RunningJar(JavaProcess.start(command));
    }

    URI address() {
        return address;
    }

    /** Where something else that belongs to this run can be written. */
    Path logBeside(String name) {
        return process.log().resolveSibling(name);
    }

    /** What it has logged so far; a line that is not yet complete is left out. */
    List<String> log() {
        String text = process.logged();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Ends it as a power cut would: {@code kill -9}. */
    void kill() {
        process.kill();
    }

    /** Asks it to stop: SIGTERM. */
    void requestStop() {
        process.requestStop();
    }

    void awaitExit(Duration atMost) {
        process.awaitExit(atMost);
    }

    @Override
    public void close() {
        process.close();
    }
}
