package dev.millrace.bench;

import static dev.millrace.bench.Workbench.MANY;
import static dev.millrace.bench.Workbench.OWN;
import static dev.millrace.bench.Workbench.SHARED;

import dev.millrace.bench.Chart.Tone;
import dev.millrace.bench.PostgresServer.Database;

/**
 * Orders per second from the first payment until the last one is confirmed, exported and counted; how long that takes after the
 * last payment; and all commits in that time, those of the handlers included, for each of them.
 */
final class Settling implements Scenario {

    private static final String SETTLED = "Settled orders/s, 256 clients, ";
    private static final String LAG = "s from the last payment until nothing is owed, ";
    private static final String COMMITS = "Commits for each settled payment, 256 clients, ";

    @Override
    public String name() {
        return "settling";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        bench.shared();
        bench.own();
        for (int round = 1; round <= bench.options().rounds(); round++) {
            bench.rounds().begin(round);
            settle(bench, bench.shared(), SHARED);
            settle(bench, bench.own(), OWN);
        }
        Rounds rounds = bench.rounds();
        bench.report()
                .chart(new BarChart("Settled orders per second", """
                        From the first payment until the last order is confirmed, exported and counted; 256 clients.""")
                        .bar(Tone.MILLRACE, SHARED, rounds.of(SETTLED + SHARED))
                        .bar(Tone.COMPARED, OWN, rounds.of(SETTLED + OWN)));
        bench.report()
                .chart(new BarChart("Commits for each settled payment", """
                        All that the database counted, those of the handlers included; 256 clients.""")
                        .bar(Tone.MILLRACE, SHARED, rounds.of(COMMITS + SHARED))
                        .bar(Tone.COMPARED, OWN, rounds.of(COMMITS + OWN)));
        bench.report().ratio("Settled orders, shared commits / a commit each", SETTLED + SHARED, SETTLED + OWN);
    }

    private static void settle(Workbench bench, Installation installation, String variant) throws Exception {
        Database database = installation.database();
        installation.prepare(installation.spread(), bench.options().round());
        long commits = commits(database);
        long confirmed = confirmed(database);
        long exported = exported(database);
        long begun = System.nanoTime();
        long paid = installation
                .pay(installation.spread(), MANY, bench.options().round())
                .payments();
        long answered = System.nanoTime();
        installation.awaitSettled();
        long settled = System.nanoTime();
        if (confirmed(database) - confirmed != paid || exported(database) - exported != paid) {
            throw new IllegalStateException("Not every order was confirmed and exported");
        }
        bench.rounds().add(SETTLED + variant, paid * 1e9 / (settled - begun));
        bench.rounds().add(LAG + variant, (settled - answered) / 1e9);
        bench.rounds().add(COMMITS + variant, (double) (commits(database) - commits) / paid);
    }

    private static long confirmed(Database database) {
        return database.number("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'");
    }

    private static long exported(Database database) {
        return database.number("SELECT COUNT(*) FROM event WHERE type = 'order.exported.v1'");
    }

    /** The server learns of a connection's commits up to a second later. */
    private static long commits(Database database) {
        Wait.millis(1_500);
        return database.server()
                .maintenance()
                .number("SELECT xact_commit FROM pg_stat_database WHERE datname = '%s'".formatted(database.name()));
    }
}
