package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tells the stories in {@code http-requests/} to the packaged service, as a reader of the files would. */
class HttpRequestsIT {

    private static final String RUNNER = "httpyac@6.16.7";
    private static final Path STORIES = Path.of("http-requests");
    private static final Duration TIMEOUT = Duration.ofSeconds(120);

    @TempDir
    Path data;

    @Test
    void everyStoryEndsAsItSays() throws Exception {
        String npx = findOnPath("npx", "npx.cmd").orElseGet(HttpRequestsIT::giveUp);
        List<String> stories = stories();

        try (RunningJar service = RunningJar.start(data, "--millrace.faults.enabled=true")) {
            Path output = service.logBeside("http-requests.log");
            Process runner = new ProcessBuilder(command(npx, stories, service))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                assertThat(runner.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
                        .as("ended in time")
                        .isTrue();
            } finally {
                runner.descendants().forEach(ProcessHandle::destroyForcibly);
                runner.destroyForcibly();
            }

            String told = Files.readString(output);
            assertThat(runner.exitValue()).as(told).isZero();
            assertThat(Pattern.compile("✓").matcher(told).results().count())
                    .as("assertions of the files that were made:%n%s", told)
                    .isEqualTo(countTests(stories));
        }
    }

    private static List<String> command(String npx, List<String> stories, RunningJar service) {
        List<String> command =
                new ArrayList<>(List.of(npx, "--yes", "--prefer-offline", "--loglevel=error", RUNNER, "send"));
        command.addAll(stories);
        command.addAll(List.of("--all", "--no-color", "--output", "short", "--output-failed", "exchange"));
        command.addAll(List.of("--env", "local", "--var", "baseUrl=" + service.address()));
        return command;
    }

    private static List<String> stories() throws IOException {
        try (Stream<Path> files = Files.list(STORIES)) {
            return files.map(Path::toString)
                    .filter(name -> name.endsWith(".http"))
                    .sorted()
                    .toList();
        }
    }

    private static long countTests(List<String> stories) throws IOException {
        long tests = 0;
        for (String story : stories) {
            tests += Pattern.compile("client\\.test\\(")
                    .matcher(Files.readString(Path.of(story)))
                    .results()
                    .count();
        }
        return tests;
    }

    /** Said aloud, because an aborted test is easily overlooked; and no way out where a build is expected to check all. */
    private static String giveUp() {
        String reason = "http-requests/*.http are NOT checked: there is no npx (Node.js) on the PATH";
        System.out.println(reason);
        if (System.getenv("CI") != null) {
            fail(reason);
        }
        return abort(reason);
    }

    private static Optional<String> findOnPath(String... names) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(directory -> Stream.of(names).map(name -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }
}
