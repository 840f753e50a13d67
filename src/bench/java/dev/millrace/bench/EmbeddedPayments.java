package dev.millrace.bench;

import static dev.millrace.bench.Workbench.MANY;
import static dev.millrace.bench.Workbench.ONE_BY_ONE;
import static dev.millrace.bench.Workbench.OWN;
import static dev.millrace.bench.Workbench.SHARED;

import dev.millrace.bench.Chart.Tone;

/**
 * What committing together is worth on the embedded database. Either way an answer is given when its payment is on disk: the
 * single commits, too, share the checkpoints that bring them there.
 */
final class EmbeddedPayments implements Scenario {

    private static final String PAID = "H2: payments/s, 256 clients, spread, ";
    private static final String SETTLED = "H2: settled orders/s, 256 clients, ";

    @Override
    public String name() {
        return "h2";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        try (Installation shared = Installation.onH2(bench, "h2-shared");
                Installation own = Installation.onH2(bench, "h2-own", ONE_BY_ONE)) {
            bench.warmUp(shared);
            bench.warmUp(own);
            for (int round = 1; round <= bench.options().rounds(); round++) {
                bench.rounds().begin(round);
                pay(bench, shared, SHARED);
                pay(bench, own, OWN);
            }
        }
        Rounds rounds = bench.rounds();
        bench.report()
                .chart(new BarChart("Per second on the embedded database", """
                        Payments answered, and orders confirmed, exported and counted; 256 clients. Every answer is given \
                        when its payment is on disk.""")
                        .bar(Tone.MILLRACE, "payments, " + SHARED, rounds.of(PAID + SHARED))
                        .bar(Tone.COMPARED, "payments, " + OWN, rounds.of(PAID + OWN))
                        .bar(Tone.MILLRACE, "settled, " + SHARED, rounds.of(SETTLED + SHARED))
                        .bar(Tone.COMPARED, "settled, " + OWN, rounds.of(SETTLED + OWN)));
        bench.report().ratio("H2, payments, shared commits / a commit each", PAID + SHARED, PAID + OWN);
        bench.report().ratio("H2, settled orders, shared commits / a commit each", SETTLED + SHARED, SETTLED + OWN);
    }

    private static void pay(Workbench bench, Installation installation, String variant) throws Exception {
        long begun = System.nanoTime();
        Outcome outcome = bench.pay(installation, installation.spread(), MANY);
        bench.rounds().add(PAID + variant, outcome.perSecond());
        bench.rounds().add(SETTLED + variant, outcome.payments() * 1e9 / (System.nanoTime() - begun));
    }
}
