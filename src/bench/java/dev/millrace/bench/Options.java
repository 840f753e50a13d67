package dev.millrace.bench;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What the command line asked for; an empty property counts as missing.
 *
 * @param rounds how often each variant takes its turn
 * @param round how long a turn is
 * @param warmup how long each service is kept busy before anything counts
 */
record Options(int rounds, Duration round, Duration warmup, Path jar, Path directory) {

    static Options fromProperties() {
        boolean quick = Boolean.parseBoolean(text("bench.quick", "false"));
        return new Options(
                Integer.parseInt(text("bench.rounds", quick ? "1" : "3")),
                Duration.ofSeconds(Long.parseLong(text("bench.seconds", quick ? "2" : "5"))),
                Duration.ofSeconds(Long.parseLong(text("bench.warmup", quick ? "4" : "20"))),
                Path.of(text("millrace.jar", "target/millrace.jar")),
                Path.of(text("bench.directory", "target/bench")));
    }

    private static String text(String property, String missing) {
        String value = System.getProperty(property, "");
        return value.isEmpty() ? missing : value;
    }
}
