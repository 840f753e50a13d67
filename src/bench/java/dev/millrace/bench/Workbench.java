package dev.millrace.bench;

import lombok.Getter;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Accessors;
import org.jspecify.annotations.Nullable;

/** What the scenarios share: the database server, the two services on it that most of them need, and what was measured so far. */
@Getter
@Accessors(fluent = true)
@RequiredArgsConstructor
final class Workbench implements AutoCloseable {

    /** The service as it is; and the same with a commit for each transaction, to compare it with. */
    static final String SHARED = "shared commits";

    static final String OWN = "a commit each";
    static final String ONE_BY_ONE = "--millrace.transaction.largest-group=1";

    /** As many clients as keep it busy. */
    static final int MANY = 256;

    private final Options options;
    private final PostgresServer server;
    private final Rounds rounds;
    private final Report report;
    private final LoadClient client = new LoadClient();

    @Getter(lombok.AccessLevel.NONE)
    private @Nullable Installation shared;

    @Getter(lombok.AccessLevel.NONE)
    private @Nullable Installation own;

    /** On PostgreSQL, and warm. */
    Installation shared() throws Exception {
        if (shared == null) {
            shared = Installation.onPostgres(this, "shared", Service.HEAP);
            warmUp(shared);
        }
        return shared;
    }

    /** The same with {@link #ONE_BY_ONE}. */
    Installation own() throws Exception {
        if (own == null) {
            own = Installation.onPostgres(this, "own", Service.HEAP, ONE_BY_ONE);
            warmUp(own);
        }
        return own;
    }

    /** Keeps it busy until its code is compiled. What it cannot answer while it is cold does not matter. */
    void warmUp(Installation installation) throws Exception {
        System.out.printf("  warming up: %s%n", installation.name());
        installation.pay(installation.spread(), Pace.closed(), 64, options.warmup());
        installation.awaitSettled();
    }

    /** A turn of clients that each wait for their answer, and then until nothing is owed any more. */
    Outcome pay(Installation installation, Orders orders, int clients) throws Exception {
        Outcome outcome = installation.pay(orders, clients, options.round());
        installation.awaitSettled();
        return outcome;
    }

    /** Payments per second of many clients on PostgreSQL, measured now if it was not before. */
    double peak() throws Exception {
        while (rounds.of(Payments.PEAK).size() < options.rounds()) {
            rounds.add(Payments.PEAK, pay(shared(), shared().spread(), MANY).perSecond());
        }
        return rounds.median(Payments.PEAK);
    }

    @Override
    public void close() {
        if (shared != null) {
            shared.close();
        }
        if (own != null) {
            own.close();
        }
        client.close();
    }
}
