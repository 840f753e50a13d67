package dev.millrace.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.millrace.bench.PostgresServer.Database;
import java.time.Duration;
import lombok.RequiredArgsConstructor;
import org.slf4j.LoggerFactory;

/** Measures in rounds in which the variants take turns, and reports medians: A B A B …, never A A B B. */
@RequiredArgsConstructor
public final class Benchmark {

    private static final String ONE_BY_ONE = "--millrace.transaction.largest-group=1";
    private static final String SHARED = "shared commits";
    private static final String OWN = "a commit each";
    private static final String LIMIT = "Limit: transactions/s, JDBC, 32 connections, ";
    private static final String POSTGRES = "PostgreSQL: payments/s, ";
    private static final String H2 = "H2: payments/s, 256 clients, spread, ";
    private static final String SETTLED = "PostgreSQL: settled orders/s, ";
    private static final String COMMITS = "PostgreSQL: commits for each settled payment, ";
    private static final String ALONE = "PostgreSQL: ms of one client alone, ";

    private final Options options;
    private final LoadClient client;
    private final Rounds rounds;

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        Options options = Options.fromProperties();
        Rounds rounds = new Rounds();
        Report report = new Report(options, rounds);
        try (PostgresServer server = PostgresServer.of(options);
                LoadClient client = new LoadClient()) {
            Benchmark benchmark = new Benchmark(options, client, rounds);
            benchmark.onPostgres(server);
            benchmark.onH2();
            for (String accounts : new String[] {"spread", "one account"}) {
                String together = POSTGRES + "256 clients, " + accounts + ", ";
                report.ratio("Millrace / limit, " + accounts, together + SHARED, LIMIT + accounts);
                report.ratio("Shared commits / a commit each, " + accounts, together + SHARED, together + OWN);
            }
            report.ratio("Settled orders / payments", SETTLED + SHARED, POSTGRES + "256 clients, spread, " + SHARED);
            report.ratio("Latency alone, shared commits / a commit each", ALONE + SHARED, ALONE + OWN);
            report.ratio("H2, shared commits / a commit each", H2 + SHARED, H2 + OWN);
            report.write(server);
        }
    }

    private void onPostgres(PostgresServer server) throws Exception {
        Limit limit = new Limit(server, options);
        try (Installation shared = Installation.onPostgres(options, server, client, "shared");
                Installation own = Installation.onPostgres(options, server, client, "own", ONE_BY_ONE)) {
            warmUp(shared);
            warmUp(own);
            for (int round = 1; round <= options.rounds(); round++) {
                System.out.printf("PostgreSQL, round %d%n", round);
                rounds.add(LIMIT + "spread", limit.perSecond(false));
                rounds.add(LIMIT + "one account", limit.perSecond(true));
                for (int clients : new int[] {32, 256}) {
                    payments(clients, shared, SHARED, own, OWN);
                }
                settle(shared, SHARED);
                settle(own, OWN);
                alone(shared, SHARED);
                alone(own, OWN);
            }
        }
    }

    private void onH2() throws Exception {
        try (Installation shared = Installation.onH2(options, client, "h2-shared");
                Installation own = Installation.onH2(options, client, "h2-own", ONE_BY_ONE)) {
            warmUp(shared);
            warmUp(own);
            for (int round = 1; round <= options.rounds(); round++) {
                System.out.printf("H2, round %d%n", round);
                rounds.add(H2 + SHARED, pay(shared, shared.spread(), 256).perSecond());
                rounds.add(H2 + OWN, pay(own, own.spread(), 256).perSecond());
            }
        }
    }

    /** Payments answered per second, beside the settling of those that were answered before. */
    private void payments(int clients, Installation first, String firstName, Installation second, String secondName)
            throws Exception {
        String name = POSTGRES + clients + " clients, ";
        rounds.add(
                name + "spread, " + firstName,
                pay(first, first.spread(), clients).perSecond());
        rounds.add(
                name + "spread, " + secondName,
                pay(second, second.spread(), clients).perSecond());
        rounds.add(
                name + "one account, " + firstName,
                pay(first, first.oneAccount(), clients).perSecond());
        rounds.add(
                name + "one account, " + secondName,
                pay(second, second.oneAccount(), clients).perSecond());
    }

    /**
     * Orders per second from the first payment until the last one is confirmed, exported and counted; and all commits in that
     * time, those of the handlers included, for each of them.
     */
    private void settle(Installation installation, String name) throws Exception {
        Database database = installation.database();
        installation.prepare(installation.spread(), options.round());
        long commits = commits(database);
        long confirmed = confirmed(database);
        long exported = exported(database);
        long begun = System.nanoTime();
        long paid =
                installation.pay(installation.spread(), 256, options.round()).payments();
        installation.awaitSettled();
        double seconds = (System.nanoTime() - begun) / 1e9;
        if (confirmed(database) - confirmed != paid || exported(database) - exported != paid) {
            throw new IllegalStateException("Not every order was confirmed and exported");
        }
        rounds.add(SETTLED + name, paid / seconds);
        rounds.add(COMMITS + name, (double) (commits(database) - commits) / paid);
    }

    /** The median of a client that has the service to itself. */
    private void alone(Installation installation, String name) throws Exception {
        rounds.add(ALONE + name, pay(installation, installation.spread(), 1).medianMillis());
    }

    private Outcome pay(Installation installation, Orders orders, int clients) throws Exception {
        installation.prepare(orders, options.round());
        Outcome outcome = installation.pay(orders, clients, options.round());
        installation.awaitSettled();
        return outcome;
    }

    private void warmUp(Installation installation) throws Exception {
        Duration duration = options.warmup();
        installation.prepare(installation.spread(), duration);
        installation.pay(installation.spread(), 64, duration);
        installation.awaitSettled();
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
