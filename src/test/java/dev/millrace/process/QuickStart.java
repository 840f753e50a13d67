package dev.millrace.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The packaged service, unpacked and with an archive of its classes ({@code ./mvnw -Pbench,warm verify} makes another one), so that
 * it starts in half the time. Made once for all tests; where a JVM cannot use the archive, it starts as well without.
 */
final class QuickStart {

    private static final List<String> OPTIONS = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private QuickStart() {}

    /** What makes the JVM quick to start, where nothing measures its speed. */
    static List<String> options() {
        return OPTIONS;
    }

    /** What starts the service. */
    static List<String> launch() {
        return Archived.LAUNCH;
    }

    private static final class Archived {

        static final List<String> LAUNCH = prepare(RunningJar.JAR);

        private static List<String> prepare(Path packaged) {
            Path directory = packaged.resolveSibling("quick-start");
            Path jar = directory.resolve(packaged.getFileName());
            Path archive = directory.resolve("millrace.jsa");
            run(
                    "-Djarmode=tools",
                    "-jar",
                    packaged.toString(),
                    "extract",
                    "--force",
                    "--destination",
                    directory.toString());
            List<String> training = new ArrayList<>(OPTIONS);
            training.addAll(List.of(
                    "-XX:ArchiveClassesAtExit=" + archive, "-Dspring.context.exit=onRefresh", "-jar", jar.toString()));
            training.addAll(Storage.EMBEDDED.create(
                    directory.resolve("data-" + ProcessHandle.current().pid())));
            run(training.toArray(String[]::new));
            return List.of("-XX:SharedArchiveFile=" + archive, "-jar", jar.toString());
        }

        private static void run(String... arguments) {
            try (JavaProcess process = JavaProcess.start(List.of(arguments))) {
                process.awaitSuccess(DEADLINE);
            }
        }
    }
}
