package dev.millrace.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the command line asked for; an empty property counts as missing.
 *
 * @param quick whether the figures only have to be there
 * @param only the scenarios to run; all of them if it is empty
 * @param rounds how often each variant takes its turn
 * @param round how long a turn is
 * @param warmup how long each service is kept busy before anything counts
 * @param growth how many payments the larger database holds
 * @param overload how long more is asked of a service than it can do
 * @param postgres JDBC URL of the server to measure on; empty for an embedded one
 * @param pgbench where pgbench is; empty for the one on the path
 * @param java what the service is started with
 * @param jvm further options of the service's JVM
 */
record Options(
        boolean quick,
        List<String> only,
        int rounds,
        Duration round,
        Duration warmup,
        long growth,
        Duration overload,
        String postgres,
        String user,
        String password,
        String pgbench,
        Path java,
        List<String> jvm,
        Path jar,
        Path directory) {

    private static final Path THIS_JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    static Options fromProperties() {
        boolean quick = Boolean.parseBoolean(text("bench.quick", "false"));
        return new Options(
                quick,
                list("bench.only", ","),
                Integer.parseInt(text("bench.rounds", quick ? "1" : "3")),
                Duration.ofSeconds(Long.parseLong(text("bench.seconds", quick ? "2" : "5"))),
                Duration.ofSeconds(Long.parseLong(text("bench.warmup", quick ? "4" : "60"))),
                Long.parseLong(text("bench.growth", quick ? "20000" : "100000")),
                Duration.ofSeconds(Long.parseLong(text("bench.overload", quick ? "3" : "10"))),
                text("bench.postgres", ""),
                text("bench.user", "postgres"),
                text("bench.password", "postgres"),
                text("bench.pgbench", ""),
                Path.of(text("bench.java", THIS_JAVA.toString())),
                list("bench.jvm", " +"),
                Path.of(text("millrace.jar", "target/millrace.jar")),
                Path.of(text("bench.directory", "target/bench")));
    }

    /** The same with another jar, and one more option for its JVM. */
    Options on(Path otherJar, String jvmOption) {
        List<String> more = Stream.concat(jvm.stream(), Stream.of(jvmOption)).toList();
        return new Options(
                quick, only, rounds, round, warmup, growth, overload, postgres, user, password, pgbench, java, more,
                otherJar, directory);
    }

    boolean asksFor(String scenario) {
        return only.isEmpty() || only.contains(scenario);
    }

    /** Fails if something is asked for that is not there. */
    void requireKnown(List<String> scenarios) {
        if (!scenarios.containsAll(only)) {
            throw new IllegalArgumentException("bench.only is %s, and there are %s".formatted(only, scenarios));
        }
    }

    private static List<String> list(String property, String separator) {
        String value = text(property, "");
        return value.isEmpty() ? List.of() : List.of(value.strip().split(separator));
    }

    private static String text(String property, String missing) {
        String value = System.getProperty(property, "");
        return value.isEmpty() ? missing : value;
    }
}
