package dev.millrace.bench;

import static dev.millrace.bench.Workbench.MANY;
import static dev.millrace.bench.Workbench.OWN;
import static dev.millrace.bench.Workbench.SHARED;

import dev.millrace.bench.Chart.Tone;
import dev.millrace.bench.PostgresServer.Database;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * How long a client waits: one that has the service to itself, and those that come at a constant rate, half of the peak. The
 * latter are measured from when a request was due, not from when it could be sent; and until the answer as well as until
 * the order is confirmed and exported. Beside it the same of pgbench, at half of its own peak: what the machine does to somebody who
 * asks the database alone.
 */
final class Latency implements Scenario {

    private static final String ALONE = "ms, one client alone, median, ";
    private static final String PAID = "ms from due to 200, half of the peak, ";
    private static final String EXPORTED = "ms from due to exported, half of the peak, ";
    private static final String PGBENCH_PEAK = "Limit: payments/s, pgbench, 32 clients, beside the latencies";
    private static final String PGBENCH_ALONE = "ms, pgbench, one client alone, median";
    private static final String PGBENCH_DUE = "ms from due to commit, pgbench, half of its peak, p99";
    private static final String P99 = "p99";

    private final Histogram paid = new Histogram(3);
    private final Histogram exported = new Histogram(3);

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        double rate = bench.peak() / 2;
        Optional<Pgbench> pgbench = Pgbench.find(bench.options());
        bench.own();
        try (Limit limit = new Limit(bench)) {
            for (int round = 1; round <= bench.options().rounds(); round++) {
                bench.rounds().begin(round);
                alone(bench, bench.shared(), SHARED);
                alone(bench, bench.own(), OWN);
                open(bench, bench.shared(), rate);
                if (pgbench.isPresent()) {
                    limit(bench, pgbench.get(), limit.database());
                }
            }
        }
        bench.report()
                .chart(new PercentileChart("Latency at half of the peak", """
                        Requests came at a constant rate, and each one's time runs from when it was due: who waits because \
                        others wait is counted.""")
                        .line(Tone.MILLRACE, "until the answer 200", paid)
                        .line(Tone.COMPARED, "until the order is exported", exported));
        bench.report().ratio("Latency alone, shared commits / a commit each", ALONE + SHARED, ALONE + OWN);
        bench.report().ratio("p99 to 200 at half of the peak / median alone", PAID + P99, ALONE + SHARED);
        bench.report().ratio("p99 to exported / p99 to 200", EXPORTED + P99, PAID + P99);
        if (pgbench.isPresent()) {
            bench.report().ratio("pgbench: p99 at half of its peak / median alone", PGBENCH_DUE, PGBENCH_ALONE);
        }
    }

    private static void limit(Workbench bench, Pgbench pgbench, Database database) throws Exception {
        bench.rounds().add(PGBENCH_PEAK, pgbench.perSecond(database, false));
        bench.rounds().add(PGBENCH_ALONE, millis(pgbench.alone(database), 50));
        bench.rounds()
                .add(PGBENCH_DUE, millis(pgbench.atRate(database, bench.rounds().median(PGBENCH_PEAK) / 2), 99));
    }

    private static double millis(Histogram latency, double percentile) {
        return latency.getValueAtPercentile(percentile) / 1_000.0;
    }

    private static void alone(Workbench bench, Installation installation, String variant) throws Exception {
        Outcome outcome = bench.pay(installation, installation.spread(), 1);
        bench.rounds().add(ALONE + variant, outcome.millis(Outcome.OK, 50));
    }

    private void open(Workbench bench, Installation installation, double rate) throws Exception {
        Pace pace = Pace.open(rate);
        Orders orders = installation.spread();
        installation.prepare(orders, bench.options().round());
        long first = orders.next();
        Outcome outcome =
                installation.pay(orders, pace, MANY, bench.options().round()).requireOnlyPayments();
        installation.awaitSettled();
        Exports exports = new Exports(orders, first, orders.next() - 1);
        add(bench, PAID, outcome.latency(Outcome.OK), paid);
        add(bench, EXPORTED, exports.latency(installation.database(), outcome.start(), pace), exported);
    }

    private static void add(Workbench bench, String name, Histogram latency, Histogram all) {
        bench.rounds().add(name + "p50", millis(latency, 50));
        bench.rounds().add(name + P99, millis(latency, 99));
        bench.rounds().add(name + "p99.9", millis(latency, 99.9));
        all.add(latency);
    }
}
