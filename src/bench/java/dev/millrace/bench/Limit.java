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
 * What the database does of its own accord, with no service in between: the debit, the payment row and the event row, from a
 * blocking driver. That is less than the service writes for a payment: no key, no balance entry, no order, no delivery.
 */
final class Limit implements AutoCloseable {

    private static final int CLIENTS = 32;
    private static final int BATCH = 100;
    private static final int BATCH_CLIENTS = 2;
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

    /** Accounts are debited in their order, so that two batches never wait for each other. */
    private static final String BATCHED = """
            with req as materialized (
              select (random()*99999)::int+1 as u, 100::bigint as amt from generate_series(1,%d)),
            agg as (select u, sum(amt) s from req group by u order by u),
            d as (update balance b set amount=b.amount-a.s, version=version+1 from agg a
              where b.user_id=a.u and b.amount>=a.s returning b.user_id),
            p as (insert into payment(order_id,user_id,amount,status) select u,u,amt,'SUCCESS' from req returning id)
            insert into outbox(type,payload) select 'OrderConfirmedEvent',
              '{"orderId":"123e4567-e89b-12d3-a456-426614174000","userId":1,"amount":100}' from p
            """.formatted(BATCH);

    private final Database database;
    private final Duration round;

    Limit(Workbench bench) {
        this.round = bench.options().round();
        this.database = bench.server().freshDatabase("limit");
        database.execute(SCHEMA);
    }

    Database database() {
        return database;
    }

    /** Payments per second, a transaction for each. */
    double oneByOne(boolean oneAccount) throws Exception {
        return perSecond(CLIENTS, (connection, end) -> payOneByOne(connection, oneAccount, end));
    }

    /** Payments per second, a hundred in one statement and one commit: what the database could do. */
    double batched() throws Exception {
        return perSecond(BATCH_CLIENTS, Limit::payBatches);
    }

    @Override
    public void close() {
        database.drop();
    }

    private interface Work {

        long payUntil(Connection connection, long end) throws SQLException;
    }

    private double perSecond(int clients, Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < clients; i++) {
                connections.add(database.connect());
            }
            long end = System.nanoTime() + round.toNanos();
            List<Callable<Long>> tasks = connections.stream()
                    .map(connection -> (Callable<Long>) () -> work.payUntil(connection, end))
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

    private static long payBatches(Connection connection, long end) throws SQLException {
        long paid = 0;
        try (PreparedStatement batch = connection.prepareStatement(BATCHED)) {
            while (System.nanoTime() < end) {
                paid += batch.executeUpdate();
            }
        }
        return paid;
    }
}
