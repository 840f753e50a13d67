package dev.millrace.bench;

import static dev.millrace.bench.Workbench.MANY;

import dev.millrace.bench.Chart.Tone;

/** Whether payments get slower as more of them are stored: two services, one with a long past and one with a short one. */
final class Growth implements Scenario {

    private static final long FEW = 10_000;

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        long many = bench.options().growth();
        try (Installation young = Installation.onPostgres(bench, "young", new Past(FEW));
                Installation old = Installation.onPostgres(bench, "old", new Past(many))) {
            bench.warmUp(young);
            bench.warmUp(old);
            for (int round = 1; round <= bench.options().rounds(); round++) {
                bench.rounds().begin(round);
                pay(bench, young, FEW);
                pay(bench, old, many);
            }
        }
        bench.report()
                .chart(new BarChart("Payments per second with payments stored before", """
                        Of one account as many have been stored as of any other; 256 clients.""")
                        .bar(
                                Tone.COMPARED,
                                "%,d stored".formatted(FEW),
                                bench.rounds().of(figure(FEW)))
                        .bar(
                                Tone.MILLRACE,
                                "%,d stored".formatted(many),
                                bench.rounds().of(figure(many))));
        bench.report().ratio("Payments, %,d stored / %,d stored".formatted(many, FEW), figure(many), figure(FEW));
    }

    private static void pay(Workbench bench, Installation installation, long stored) throws Exception {
        bench.rounds()
                .add(
                        figure(stored),
                        bench.pay(installation, installation.spread(), MANY).perSecond());
    }

    private static String figure(long stored) {
        return "Payments/s, 256 clients, spread, %,d stored before".formatted(stored);
    }
}
