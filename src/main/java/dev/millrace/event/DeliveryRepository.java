package dev.millrace.event;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import dev.millrace.transaction.JointStatement;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

/**
 * What is still owed: one row for each event and handler, deleted when it has been handled. The number of rows is the lag.
 *
 * <p>{@code next_attempt_at} is when a delivery may be taken by anybody: the end of the lease while somebody has it, the end
 * of the back-off after a failure. {@code owner} is set only during a lease.
 *
 * <p>Here is what becomes of a delivery that a worker has; how it gets to one is the {@link DeliveryQueue}'s.
 */
@Repository
@RequiredArgsConstructor
class DeliveryRepository {

    private static final String IS_HELD = "SELECT 1 FROM delivery WHERE id = :id AND fence = :fence AND %s";

    private static final String ARE_HELD = """
            SELECT id FROM delivery
             WHERE id = ANY(:ids) AND fence = (CAST(:fences AS BIGINT[]))[ARRAY_POSITION(CAST(:ids AS UUID[]), id)]
               AND %s
            """;

    private static final String ACKNOWLEDGE = "DELETE FROM delivery WHERE id = :id AND fence = :fence AND %s";

    /** Without a join, of which a plan that was made for an empty table would go through the full one again and again. */
    private static final String ACKNOWLEDGE_ALL = """
            DELETE FROM delivery
             WHERE id = ANY(:{table}Ids)
               AND fence = (CAST(:{table}Fences AS BIGINT[]))[ARRAY_POSITION(CAST(:{table}Ids AS UUID[]), id)]
               AND %s
            RETURNING 1
            """;

    private static final String POSTPONE = """
            UPDATE delivery SET status = 'RETRY', owner = NULL, next_attempt_at = :next, last_error = :error
             WHERE id = :id AND fence = :fence
            """;

    private static final String BURY = """
            UPDATE delivery SET status = 'DEAD', owner = NULL, next_attempt_at = NULL, last_error = :error
             WHERE id = :id AND fence = :fence
            """;

    private static final String RELEASE = """
            UPDATE delivery SET owner = NULL, next_attempt_at = :next, attempts = attempts - 1
             WHERE id = :id AND fence = :fence
            """;

    private final DatabaseClient database;
    private final BusProperties properties;

    private final Map<String, JointStatement<Delivery, UUID>> isHeld = new ConcurrentHashMap<>();

    /** One for each condition, and not for each handler: those of several are made together. */
    private final Map<HeadOfLine, DeferredChange<Delivery>> acknowledge = new EnumMap<>(Map.of(
            HeadOfLine.DEAD_HOLD_BACK, acknowledgement(HeadOfLine.DEAD_HOLD_BACK, "strictly"),
            HeadOfLine.DEAD_ARE_PASSED, acknowledgement(HeadOfLine.DEAD_ARE_PASSED, "handled")));

    /** The delivery is no longer ours, or something earlier is owed: an effect was not this worker's to bring about. */
    static final class NotHeld extends RuntimeException {

        NotHeld() {
            super(null, null, false, false);
        }
    }

    /** Whether the delivery is still ours and nothing earlier is owed. */
    Mono<Boolean> isHeld(Delivery delivery) {
        return isHeld.computeIfAbsent(delivery.handler(), this::askWhetherHeld)
                .ask(delivery)
                .hasElement();
    }

    private JointStatement<Delivery, UUID> askWhetherHeld(String handler) {
        String one = HeadOfLine.of(properties.policyOf(handler)).in(IS_HELD);
        String many = HeadOfLine.of(properties.policyOf(handler)).in(ARE_HELD);
        return JointStatement.read((Delivery delivery) ->
                        bind(one, delivery).map(row -> delivery.id()).one())
                .together(Delivery::id, deliveries -> findIds(many, deliveries));
    }

    /** Deletes the delivery; fails with {@link NotHeld} if it is no longer ours, or if something earlier is owed. */
    Mono<Void> acknowledge(Delivery delivery) {
        return Objects.requireNonNull(acknowledge.get(HeadOfLine.of(properties.policyOf(delivery.handler()))))
                .make(delivery);
    }

    private DeferredChange<Delivery> acknowledgement(HeadOfLine condition, String table) {
        String one = condition.in(ACKNOWLEDGE);
        String all = condition.in(ACKNOWLEDGE_ALL.replace("{table}", table));
        return DeferredChange.of(
                delivery -> changesOne(bind(one, delivery))
                        .filter(changed -> changed)
                        .switchIfEmpty(Mono.error(NotHeld::new))
                        .then(),
                deliveries -> Part.changing(table, all, deliveries.size())
                        .bind(table + "Ids", column(deliveries, Delivery::id, UUID[]::new))
                        .bind(table + "Fences", column(deliveries, Delivery::fence, Long[]::new)));
    }

    private Mono<Map<UUID, UUID>> findIds(String sql, List<Delivery> deliveries) {
        return database.sql(sql)
                .bind("ids", column(deliveries, Delivery::id, UUID[]::new))
                .bind("fences", column(deliveries, Delivery::fence, Long[]::new))
                .map(row -> required(row, "id", UUID.class))
                .all()
                .collectMap(Function.identity());
    }

    /** Has the delivery tried again at that time; false if it is no longer ours. */
    Mono<Boolean> postpone(Delivery delivery, Instant next, String error) {
        return changesOne(bind(POSTPONE, delivery).bind("next", next).bind("error", error));
    }

    /** Gives the delivery up until an operator sends it on its way again; false if it is no longer ours. */
    Mono<Boolean> bury(Delivery delivery, String error) {
        return changesOne(bind(BURY, delivery).bind("error", error));
    }

    /** Gives the delivery back untried, if it is still ours. */
    Mono<Void> release(Delivery delivery, Instant next) {
        return bind(RELEASE, delivery).bind("next", next).then();
    }

    private GenericExecuteSpec bind(String sql, Delivery delivery) {
        return database.sql(sql).bind("id", delivery.id()).bind("fence", delivery.fence());
    }

    private static Mono<Boolean> changesOne(GenericExecuteSpec sql) {
        return sql.fetch().rowsUpdated().map(rows -> rows == 1);
    }
}
