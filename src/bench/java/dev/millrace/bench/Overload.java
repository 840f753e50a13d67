package dev.millrace.bench;

import static dev.millrace.bench.Workbench.MANY;

import dev.millrace.bench.Chart.Tone;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * What becomes of a service with a small heap of which ten times as much is asked as it can do, by more clients than it lets in:
 * whether it still does its work, and whether those that it refuses learn so at once.
 *
 * <p>A client that finds no free connection goes away. So times tell about the service, not about a queue in front of it that
 * no service could do anything about.
 */
final class Overload implements Scenario {

    private static final String HEAP = "256m";
    private static final int FACTOR = 10;
    private static final int CONNECTIONS = 4_000;
    private static final Duration PATIENCE = Duration.ofMillis(50);

    private static final String PEAK = "Overload: payments/s at most, -Xmx256m";
    private static final String GOODPUT = "Overload: payments/s while 10 times as many are asked for";
    private static final String SENT = "Overload: requests/s that found a connection";
    private static final String REFUSED = "Overload: 503/s";
    private static final String PAID_P99 = "Overload: ms to 200, p99";
    private static final String REFUSED_P99 = "Overload: ms to 503, p99";
    private static final String AFTER = "Overload: payments/s afterwards";

    private final Histogram paid = new Histogram(3);
    private final Histogram refused = new Histogram(3);

    @Override
    public String name() {
        return "overload";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        try (Installation installation = Installation.onPostgres(bench, "overload", HEAP)) {
            bench.warmUp(installation);
            for (int round = 1; round <= bench.options().rounds(); round++) {
                bench.rounds().begin(round);
                double peak = closed(bench, installation, PEAK);
                overload(bench, installation, FACTOR * peak);
                closed(bench, installation, AFTER);
            }
            if (!installation.service().isWell()) {
                throw new IllegalStateException("The service did not survive");
            }
        }
        Rounds rounds = bench.rounds();
        bench.report()
                .chart(new BarChart("Overload, answers per second", """
                        Ten times as many payments are asked for as this service with 256 MiB of heap can make.""")
                        .bar(Tone.COMPARED, "200 before", rounds.of(PEAK))
                        .bar(Tone.MILLRACE, "200 meanwhile", rounds.of(GOODPUT))
                        .bar(Tone.LIMIT, "503 meanwhile", rounds.of(REFUSED))
                        .bar(Tone.COMPARED, "200 afterwards", rounds.of(AFTER)));
        bench.report()
                .chart(new PercentileChart("Overload, latency", """
                        Who is refused should learn so sooner than others are served.""")
                        .line(Tone.MILLRACE, "until 200", paid)
                        .line(Tone.LIMIT, "until 503", refused));
        bench.report().ratio("Overload: payments / payments at most", GOODPUT, PEAK);
        if (bench.rounds().median(REFUSED) > 0) {
            bench.report().ratio("Overload: p99 to 503 / p99 to 200", REFUSED_P99, PAID_P99);
        }
        bench.report().note("overload: the service survived it, and did not run out of memory");
    }

    private static double closed(Workbench bench, Installation installation, String figure) throws Exception {
        double perSecond = bench.pay(installation, installation.spread(), MANY).perSecond();
        bench.rounds().add(figure, perSecond);
        return perSecond;
    }

    private void overload(Workbench bench, Installation installation, double perSecond) throws Exception {
        Duration duration = bench.options().overload();
        Outcome outcome =
                installation.pay(installation.spread(), Pace.open(perSecond, PATIENCE), CONNECTIONS, duration);
        installation.awaitSettled();
        System.out.printf("  %s%n", outcome);
        paid.add(outcome.latency(Outcome.OK));
        refused.add(outcome.latency(Outcome.OVERLOADED));
        bench.rounds().add(GOODPUT, outcome.perSecond());
        bench.rounds().add(SENT, outcome.answers() / (double) duration.toSeconds());
        bench.rounds().add(REFUSED, outcome.count(Outcome.OVERLOADED) / (double) duration.toSeconds());
        bench.rounds().add(PAID_P99, outcome.millis(Outcome.OK, 99));
        bench.rounds().add(REFUSED_P99, outcome.millis(Outcome.OVERLOADED, 99));
    }
}
