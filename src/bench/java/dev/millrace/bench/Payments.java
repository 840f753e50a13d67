package dev.millrace.bench;

import static dev.millrace.bench.Workbench.MANY;
import static dev.millrace.bench.Workbench.OWN;
import static dev.millrace.bench.Workbench.SHARED;

import dev.millrace.bench.Chart.Tone;
import java.util.Optional;

/**
 * Payments answered per second over HTTP, beside {@link Limit what the database does alone}: spread over all accounts, and on
 * one account.
 *
 * <p>The service goes on settling what was paid while the next payments come in, as it would in production; between turns it is
 * given the time to finish.
 */
final class Payments implements Scenario {

    static final String PEAK = figure(MANY, "spread", SHARED);

    private static final String DRIVER = "Limit: payments/s, driver, 32 connections, ";
    private static final String BATCHED = "Limit: payments/s, driver, 100 in a commit";
    private static final String PGBENCH = "Limit: payments/s, pgbench, 32 clients, ";
    private static final String SPREAD = "spread";
    private static final String ONE = "one account";
    private static final String[] ACCOUNTS = {SPREAD, ONE};
    private static final int[] CLIENTS = {1, 32, MANY};

    @Override
    public String name() {
        return "payments";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        Optional<Pgbench> pgbench = Pgbench.find(bench.options());
        bench.shared();
        bench.own();
        try (Limit limit = new Limit(bench)) {
            for (int round = 1; round <= bench.options().rounds(); round++) {
                bench.rounds().begin(round);
                for (String accounts : ACCOUNTS) {
                    limit(bench, limit, pgbench, accounts);
                    for (int clients : CLIENTS) {
                        pay(bench, bench.shared(), clients, accounts, SHARED);
                        pay(bench, bench.own(), clients, accounts, OWN);
                    }
                }
                bench.rounds().add(BATCHED, limit.batched());
            }
        }
        if (pgbench.isEmpty()) {
            bench.report().note("pgbench was not found, neither on the path nor by -Dbench.pgbench");
        }
        compare(bench, pgbench.isPresent());
        for (String accounts : ACCOUNTS) {
            bench.report().chart(chart(bench.rounds(), accounts));
        }
    }

    private static void limit(Workbench bench, Limit limit, Optional<Pgbench> pgbench, String accounts)
            throws Exception {
        boolean oneAccount = accounts.equals(ONE);
        bench.rounds().add(DRIVER + accounts, limit.oneByOne(oneAccount));
        if (pgbench.isPresent()) {
            bench.rounds().add(PGBENCH + accounts, pgbench.get().perSecond(limit.database(), oneAccount));
        }
    }

    private static void pay(Workbench bench, Installation installation, int clients, String accounts, String commits)
            throws Exception {
        Orders orders = accounts.equals(ONE) ? installation.oneAccount() : installation.spread();
        bench.rounds()
                .add(
                        figure(clients, accounts, commits),
                        bench.pay(installation, orders, clients).perSecond());
    }

    private static void compare(Workbench bench, boolean withPgbench) {
        Report report = bench.report();
        for (String accounts : ACCOUNTS) {
            String millrace = figure(MANY, accounts, SHARED);
            report.ratio("Payments / limit of the driver, " + accounts, millrace, DRIVER + accounts);
            if (withPgbench) {
                report.ratio("Payments / limit of pgbench, " + accounts, millrace, PGBENCH + accounts);
            }
            report.ratio("Shared commits / a commit each, " + accounts, millrace, figure(MANY, accounts, OWN));
        }
        report.ratio("Payments / limit, 100 in a commit", PEAK, BATCHED);
    }

    private static Chart chart(Rounds rounds, String accounts) {
        BarChart chart = new BarChart("Payments per second, " + accounts, """
                Grey is one transaction for each payment, straight on the database: about what a service that commits each \
                payment can reach at most. Millrace writes more for a payment than that: its key and answer, the balance \
                entry, the order, the events and what they lead to.""")
                .bar(Tone.LIMIT, "driver, 32 connections", rounds.of(DRIVER + accounts))
                .bar(Tone.LIMIT, "pgbench, 32 clients", rounds.of(PGBENCH + accounts));
        for (int clients : CLIENTS) {
            String who = clients == 1 ? "1 client, " : clients + " clients, ";
            chart.bar(Tone.MILLRACE, who + SHARED, rounds.of(figure(clients, accounts, SHARED)))
                    .bar(Tone.COMPARED, who + OWN, rounds.of(figure(clients, accounts, OWN)));
        }
        return chart;
    }

    private static String figure(int clients, String accounts, String commits) {
        return "Payments/s, %d %s, %s, %s".formatted(clients, clients == 1 ? "client" : "clients", accounts, commits);
    }
}
