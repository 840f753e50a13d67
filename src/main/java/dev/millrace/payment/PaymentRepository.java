package dev.millrace.payment;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Rows;
import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Repository
@RequiredArgsConstructor
class PaymentRepository {

    private static final String INSERT = """
            INSERT INTO payment (id, order_id, user_id, amount, refunded_amount, status, paid_at)
            VALUES (:id, :order, :user, :amount, :refunded, :status, :at)
            """;

    private static final String INSERT_ALL = """
            INSERT INTO payment (id, order_id, user_id, amount, refunded_amount, status, paid_at)
            SELECT * FROM UNNEST(CAST(:paymentIds AS UUID[]), CAST(:paymentOrders AS UUID[]), CAST(:paymentUsers AS BIGINT[]),
                                 CAST(:paymentAmounts AS BIGINT[]), CAST(:paymentRefunded AS BIGINT[]),
                                 CAST(:paymentStatuses AS VARCHAR[]), CAST(:paymentTimes AS TIMESTAMPTZ[]))
            RETURNING 1
            """;

    private static final String UPDATE = """
            UPDATE payment SET refunded_amount = refunded_amount + :refund, status = :status
             WHERE id = :id AND refunded_amount + :refund <= amount
            """;

    private static final String INSERT_REFUND = """
            INSERT INTO refund (id, payment_id, amount, reason, origin, at)
            VALUES (:id, :payment, :amount, :reason, :origin, :at)
            """;

    /** Reads what other features own, as no feature alone can tell. An order whose money has gone back is not open any more. */
    private static final String FIND_STRANDED = """
            SELECT o.order_id AS id FROM open_order o JOIN payment p ON p.order_id = o.order_id
             WHERE o.paid AND p.paid_at < :before
               AND NOT EXISTS (SELECT 1 FROM delivery d
                                WHERE d.aggregate_id = o.order_id AND d.handler IN ('confirm', 'compensate')
                                  AND d.status <> 'DEAD')
             LIMIT :limit
            """;

    private static final String SELECT =
            "SELECT id, order_id, user_id, amount, refunded_amount, status, paid_at FROM payment ";

    private final DatabaseClient database;

    private final DeferredChange<Payment> insert = DeferredChange.of(this::insertOne, PaymentRepository::insertAll);

    private final JointStatement<UUID, Payment> findByOrder = JointStatement.read(this::findOneByOrder);

    /** Fails with a duplicate key if the order has a payment already. */
    Mono<Void> insert(Payment payment) {
        return insert.make(payment);
    }

    private Mono<Void> insertOne(Payment payment) {
        return database.sql(INSERT)
                .bind("id", payment.id())
                .bind("order", payment.orderId())
                .bind("user", payment.userId())
                .bind("amount", payment.amount().amount())
                .bind("refunded", payment.refundedAmount().amount())
                .bind("status", payment.status().name())
                .bind("at", payment.paidAt())
                .then();
    }

    private static Part insertAll(List<Payment> payments) {
        return Part.changing("paid", INSERT_ALL, payments.size())
                .bind("paymentIds", column(payments, Payment::id, UUID[]::new))
                .bind("paymentOrders", column(payments, Payment::orderId, UUID[]::new))
                .bind("paymentUsers", column(payments, Payment::userId, Long[]::new))
                .bind(
                        "paymentAmounts",
                        column(payments, payment -> payment.amount().amount(), Long[]::new))
                .bind(
                        "paymentRefunded",
                        column(payments, payment -> payment.refundedAmount().amount(), Long[]::new))
                .bind(
                        "paymentStatuses",
                        column(payments, payment -> payment.status().name(), String[]::new))
                .bind("paymentTimes", column(payments, Payment::paidAt, Instant[]::new));
    }

    /** Saves what the refund has made of the payment, unless more would have gone back than was paid. */
    Mono<Void> update(Payment payment, Refund refund) {
        return database.sql(UPDATE)
                .filter(statement -> statement.returnGeneratedValues("refunded_amount"))
                .bind("id", payment.id())
                .bind("refund", refund.amount().amount())
                .bind("status", payment.status().name())
                .map(row -> Rows.money(row, "refunded_amount"))
                .one()
                .filter(payment.refundedAmount()::equals)
                .switchIfEmpty(Mono.error(() -> new OptimisticLockingFailureException("Payment " + payment.id())))
                .then();
    }

    Mono<Void> insert(Refund refund) {
        return database.sql(INSERT_REFUND)
                .bind("id", refund.id())
                .bind("payment", refund.paymentId())
                .bind("amount", refund.amount().amount())
                .bind("reason", refund.reason())
                .bind("origin", refund.origin().name())
                .bind("at", refund.at())
                .then();
    }

    Mono<Payment> find(UUID id) {
        return database.sql(SELECT + "WHERE id = :id")
                .bind("id", id)
                .map(PaymentRepository::toPayment)
                .one();
    }

    Mono<Payment> findByOrder(UUID orderId) {
        return findByOrder.ask(orderId);
    }

    private Mono<Payment> findOneByOrder(UUID orderId) {
        return database.sql(SELECT + "WHERE order_id = :order")
                .bind("order", orderId)
                .map(PaymentRepository::toPayment)
                .one();
    }

    /** Orders paid before that time that are neither confirmed nor refunded, and that nothing is owed to. */
    Flux<UUID> findStrandedOrders(Instant before, int limit) {
        return database.sql(FIND_STRANDED)
                .bind("before", before)
                .bind("limit", limit)
                .map(row -> required(row, "id", UUID.class))
                .all();
    }

    private static Payment toPayment(Readable row) {
        return new Payment(
                required(row, "id", UUID.class),
                required(row, "order_id", UUID.class),
                required(row, "user_id", Long.class),
                Rows.money(row, "amount"),
                required(row, "paid_at", Instant.class),
                Rows.money(row, "refunded_amount"),
                PaymentStatus.valueOf(required(row, "status", String.class)));
    }
}
