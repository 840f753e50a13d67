package dev.millrace.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * Has the service pay for a while and writes down what its JVM has loaded and learnt, so that the next start need not begin
 * from nothing: an AOT cache from JDK 25 on (JEP 514, 515), an archive of its classes before.
 *
 * <p>What is written is good for this JVM and this jar alone; any other ignores it.
 */
public final class Training {

    private static final int FIRST_WITH_CACHE = 25;
    private static final int CLIENTS = 64;

    private Training() {}

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        Options options = Options.fromProperties();
        Path directory = options.jar().resolveSibling("warm");
        Path jar = directory.resolve(options.jar().getFileName());
        extract(options, directory);
        boolean hasCache = Runtime.version().feature() >= FIRST_WITH_CACHE;
        Path archive = directory.resolve(hasCache ? "millrace.aot" : "millrace.jsa");
        Options training = options.on(jar, (hasCache ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + archive);
        try (PostgresServer server = PostgresServer.of(training);
                Workbench bench = new Workbench(training, server, new Rounds(), new Report(new Rounds()));
                Installation service = Installation.onPostgres(bench, "training", Service.HEAP)) {
            service.pay(service.spread(), CLIENTS, training.warmup());
            service.awaitSettled();
        }
        System.out.printf(
                "%nStart it with%n  java %s %s%s -jar %s%n",
                String.join(" ", options.jvm()), hasCache ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=", archive, jar);
    }

    /** As the jar is, nothing of what is in it can be archived. */
    private static void extract(Options options, Path directory) throws IOException, InterruptedException {
        List<String> command = List.of(
                options.java().toString(),
                "-Djarmode=tools",
                "-jar",
                options.jar().toString(),
                "extract",
                "--force",
                "--destination",
                directory.toString());
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IllegalStateException("Not extracted to " + directory);
        }
    }
}
