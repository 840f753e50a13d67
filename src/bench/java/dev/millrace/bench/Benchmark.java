package dev.millrace.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.List;
import org.slf4j.LoggerFactory;

/** Answers the questions that were asked for, prints the table, and writes the page. */
public final class Benchmark {

    private static final List<Scenario> SCENARIOS = List.of(
            new Payments(),
            new Settling(),
            new Latency(),
            new Growth(),
            new Overload(),
            new EmbeddedPayments(),
            new StartUp());

    private Benchmark() {}

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        Options options = Options.fromProperties();
        options.requireKnown(SCENARIOS.stream().map(Scenario::name).toList());
        Rounds rounds = new Rounds();
        Report report = new Report(rounds);
        try (PostgresServer server = PostgresServer.of(options);
                Workbench bench = new Workbench(options, server, rounds, report)) {
            if (!options.quick()) {
                server.warmUp();
            }
            for (Scenario scenario : SCENARIOS) {
                if (options.asksFor(scenario.name())) {
                    System.out.printf("%n%s%n", scenario.name());
                    scenario.run(bench);
                }
            }
            report.write(options.directory(), Environment.of(options, server));
        }
    }
}
