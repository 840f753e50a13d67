package dev.millrace.bench;

import dev.millrace.bench.PostgresServer.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What the database does of its own accord, with no service in between: the debit, the payment row and the event row, one
 * transaction for each payment, from a blocking driver. That is less than the service writes for a payment: no key, no balance
 * entry, no order, no delivery.
 */
final class Limit {

    private static final int CLIENTS = 32;
    private static final int ACCOUNTS = 100_000;

    private static final String SCHEMA = """
            create table balance(user_id bigint primary key, amount bigint not null check(amount>=0),
                version bigint not null default 0);
            create table payment(id uuid primary key default gen_random_uuid(), order_id bigint not null,
                user_id bigint not null, amount bigint not null, status varchar(16) not null,
                created_at timestamptz not null default now());
            create table outbox(id bigserial primary key, type varchar(64) not null, payload text not null,
                created_at timestamptz not null default now(), published_at timestamptz);
            insert into balance select g, 1000000000 from generate_series(1,100000) g;
            analyze;
            """;

    private static final String DEBIT =
            "update balance set amount=amount-100, version=version+1 where user_id=? and amount>=100";
    private static final String PAYMENT =
            "insert into payment(order_id,user_id,amount,status) values(?,?,100,'SUCCESS')";
    private static final String EVENT = """
            insert into outbox(type,payload) values('OrderConfirmedEvent',
            '{"orderId":"123e4567-e89b-12d3-a456-426614174000","userId":1,"amount":100}')
            """;

    private final Database database;
    private final Options options;

    Limit(PostgresServer server, Options options) {
        this.options = options;
        this.database = server.freshDatabase("limit");
        database.execute(SCHEMA);
    }

    /** Transactions per second of a thread for each of the connections. */
    double perSecond(boolean oneAccount) throws Exception {
        Duration round = options.round();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                connections.add(database.connect());
            }
            long end = System.nanoTime() + round.toNanos();
            List<Callable<Long>> tasks = connections.stream()
                    .map(connection -> (Callable<Long>) () -> payOneByOne(connection, oneAccount, end))
                    .toList();
            long done = 0;
            for (Future<Long> result : threads.invokeAll(tasks)) {
                done += result.get();
            }
            return done * 1_000.0 / round.toMillis();
        } finally {
            threads.shutdownNow();
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static long payOneByOne(Connection connection, boolean oneAccount, long end) throws SQLException {
        connection.setAutoCommit(false);
        long paid = 0;
        try (PreparedStatement debit = connection.prepareStatement(DEBIT);
                PreparedStatement payment = connection.prepareStatement(PAYMENT);
                PreparedStatement event = connection.prepareStatement(EVENT)) {
            while (System.nanoTime() < end) {
                long account = oneAccount ? 1 : 1 + ThreadLocalRandom.current().nextInt(ACCOUNTS);
                debit.setLong(1, account);
                debit.executeUpdate();
                payment.setLong(1, account);
                payment.setLong(2, account);
                payment.executeUpdate();
                event.executeUpdate();
                connection.commit();
                paid++;
            }
        }
        return paid;
    }
}
