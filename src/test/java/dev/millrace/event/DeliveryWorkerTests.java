package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Remote;
import dev.millrace.event.EventBench.Row;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A delivery has its effect once, is tried again until it has, and obeys only whoever holds it. */
@RunningService
class DeliveryWorkerTests {

    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final Ledger ledger;
    private final Here here = new Here();
    private final Remote remote = new Remote();
    private final EventBench bench;
    private final UUID aggregate = UUID.randomUUID();

    /** The bus has no place, so that each delivery is claimed from the database. */
    DeliveryWorkerTests(DatabaseClient database, TransactionalOperator tx, Ledger ledger) {
        this.database = database;
        this.tx = tx;
        this.ledger = ledger;
        this.bench = new EventBench(database, tx, 0, here, remote);
    }

    @Test
    void forgetsADeliveryThatWasHandled() {
        here.effect = this::leaveAMark;
        bench.publish(new Happened(aggregate, 7));

        bench.attempt(only(bench.claim(here)));

        assertThat(here.handled).containsExactly(new Happened(aggregate, 7));
        assertThat(marks()).isEqualTo(1);
        assertThat(bench.owed(here)).isEmpty();
    }

    @Test
    void undoesAFailedAttemptAndTriesAgainAfterABackoff() {
        here.effect = event -> leaveAMark(event).then(Mono.error(new IllegalStateException("not yet")));
        bench.publish(new Happened(aggregate, 1));

        bench.attempt(only(bench.claim(here)));

        assertThat(marks()).isZero();
        assertThat(bench.claim(here)).isEmpty();
        assertThat(bench.owed(here)).singleElement().satisfies(owed -> {
            assertThat(owed.status()).isEqualTo("RETRY");
            assertThat(owed.lastError()).contains("not yet");
            assertThat(owed.owner()).isNull();
            assertThat(owed.nextAttemptAt())
                    .isAfter(bench.clock.instant())
                    .isBeforeOrEqualTo(bench.clock.instant().plusMillis(400));
        });

        here.effect = this::leaveAMark;
        bench.clock.forward(Duration.ofMillis(400));
        Delivery again = only(bench.claim(here));
        bench.attempt(again);

        assertThat(again.attempts()).isEqualTo(2);
        assertThat(marks()).isEqualTo(1);
        assertThat(bench.owed(here)).isEmpty();
    }

    @Test
    void waitsNeverLongerThanTheLongestBackoff() {
        here.effect = event -> Mono.error(new IllegalStateException("never"));
        bench.publish(new Happened(aggregate, 1));

        for (int attempt = 1; attempt <= 40; attempt++) {
            bench.attempt(only(bench.claim(here)));
            Instant next = only(bench.owed(here)).nextAttemptAt();
            assertThat(next)
                    .isAfter(bench.clock.instant())
                    .isBeforeOrEqualTo(bench.clock.instant().plusSeconds(30));
            bench.clock.forward(Duration.ofSeconds(30));
        }

        assertThat(only(bench.owed(here)).attempts()).isEqualTo(40);
    }

    @Test
    void keepsTheEndOfALongErrorToItself() {
        here.effect = event -> Mono.error(new IllegalStateException("x".repeat(5_000)));
        bench.publish(new Happened(aggregate, 1));

        bench.attempt(only(bench.claim(here)));

        assertThat(only(bench.owed(here)).lastError()).hasSize(1_000);
    }

    @Test
    void hasItsEffectOnceWhenItIsDeliveredTwice() {
        here.effect = this::leaveAMark;
        bench.publish(new Happened(aggregate, 1));
        Delivery delivery = only(bench.claim(here));

        bench.attempt(delivery);
        bench.attempt(delivery);

        assertThat(marks()).isEqualTo(1);
    }

    @Test
    void hasItsEffectOnceWhenItIsDeliveredTwiceAtTheSameTime() {
        here.effect = event ->
                leaveAMark(event).then(Mono.delay(Duration.ofMillis(30))).then();
        bench.publish(new Happened(aggregate, 1));
        Delivery delivery = only(bench.claim(here));

        Flux.range(0, 4)
                .flatMap(time -> bench.worker.attempt(delivery))
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(marks()).isEqualTo(1);
        assertThat(bench.owed(here)).isEmpty();
    }

    @Test
    void obeysNobodyWhoseLeaseHasEnded() {
        here.effect = this::leaveAMark;
        bench.publish(new Happened(aggregate, 1));
        Delivery lost = only(bench.claim(here));
        bench.clock.forward(EventBench.LEASE);
        Delivery taken = only(bench.claim(here, "another"));
        Row before = only(bench.owed(here));

        bench.attempt(lost);

        assertThat(marks()).isZero();
        assertThat(bench.owed(here)).containsExactly(before);
        bench.attempt(taken);
        assertThat(marks()).isEqualTo(1);
        assertThat(bench.owed(here)).isEmpty();
    }

    @Test
    void letsNobodyPostponeWhoseLeaseHasEnded() {
        remote.effect = event -> Mono.fromRunnable(() -> bench.clock.forward(EventBench.LEASE))
                .then(Mono.defer(() -> bench.claiming(remote, "another")))
                .then(Mono.error(new IllegalStateException("too late")));
        bench.publish(new Happened(aggregate, 1));

        bench.attempt(only(bench.claim(remote)));

        assertThat(bench.owed(remote)).singleElement().satisfies(owed -> {
            assertThat(owed.owner()).isEqualTo("another");
            assertThat(owed.status()).isEqualTo("PENDING");
            assertThat(owed.lastError()).isNull();
        });
    }

    @Test
    void holdsALaterEventBackWhileAnEarlierOneIsOwed() {
        here.effect = event -> event.number() == 1 ? Mono.error(new IllegalStateException("first")) : Mono.empty();
        bench.publish(new Happened(aggregate, 1));
        Delivery first = only(bench.claim(here));
        bench.publish(new Happened(aggregate, 2));
        bench.publish(new Happened(UUID.randomUUID(), 3));

        bench.attempt(first);
        bench.claim(here).forEach(bench::attempt);

        assertThat(here.handled).extracting(Happened::number).containsExactly(3);
        here.effect = event -> Mono.empty();
        bench.clock.forward(EventBench.LEASE);
        bench.claim(here).forEach(bench::attempt);
        bench.claim(here).forEach(bench::attempt);
        assertThat(here.handled).extracting(Happened::number).containsExactly(3, 1, 2);
    }

    /** On the bus an event can arrive while an earlier one waits for its next attempt. */
    @Test
    void givesALaterEventBackUntriedWhileAnEarlierOneIsOwed() {
        EventBench roomy = new EventBench(database, tx, 10, here);
        roomy.publish(new Happened(aggregate, 1));
        roomy.publish(new Happened(aggregate, 2));
        Delivery second = secondOf(aggregate, here);

        roomy.attempt(second);

        assertThat(here.handled).isEmpty();
        assertThat(roomy.owed(here)).hasSize(2).last().satisfies(owed -> {
            assertThat(owed.attempts()).isZero();
            assertThat(owed.owner()).isNull();
            assertThat(owed.nextAttemptAt()).isAfter(roomy.clock.instant());
        });
    }

    @Test
    void recordsWhatTheOutsideWorldAcceptedTogetherWithTheAcknowledgement() {
        bench.publish(new Happened(aggregate, 1));
        Delivery delivery = only(bench.claim(remote));

        bench.attempt(delivery);

        assertThat(remote.keys).containsExactly(delivery.id());
        assertThat(ledger.eventsOf(aggregate)).containsExactly("test.happened.v1", "test.told.v1");
        assertThat(bench.owed(remote)).isEmpty();
    }

    @Test
    void repeatsACallToTheOutsideWorldUnderTheSameKey() {
        remote.effect = event -> Mono.error(new IllegalStateException("unreachable"));
        bench.publish(new Happened(aggregate, 1));

        bench.attempt(only(bench.claim(remote)));
        bench.clock.forward(Duration.ofSeconds(1));
        remote.effect = event -> Mono.empty();
        bench.attempt(only(bench.claim(remote)));

        assertThat(remote.keys).hasSize(2).containsOnly(remote.keys.get(0));
        assertThat(ledger.eventsOf(aggregate)).containsExactly("test.happened.v1", "test.told.v1");
    }

    @Test
    void sendsWhatItHoldsWithoutAskingAndNothingUnderALeaseThatHasEnded() {
        EventBench strict = new EventBench(database, tx, 0, EventTransportContract.HOLDS_BACK, remote);
        strict.publish(new Happened(aggregate, 1));
        Delivery lost = only(strict.claim(remote, "one"));
        strict.clock.forward(EventBench.LEASE.plusSeconds(1));
        Delivery held = only(strict.claim(remote, "other"));

        strict.attempt(lost);
        assertThat(remote.keys).isEmpty();
        strict.attempt(held);

        assertThat(remote.keys).containsExactly(held.id());
        assertThat(strict.owed(remote)).isEmpty();
    }

    @Test
    void sendsNothingThatIsNotInItsTurn() {
        EventBench strict = new EventBench(database, tx, 0, EventTransportContract.HOLDS_BACK, remote);
        strict.publish(new Happened(aggregate, 1));
        strict.publish(new Happened(aggregate, 2));
        List<Delivery> both = strict.claim(remote);

        strict.attempt(both.get(1));

        assertThat(both).extracting(Delivery::inTurn).containsExactly(true, false);
        assertThat(remote.keys).isEmpty();
    }

    @Test
    void triesAgainWhenTheOutsideWorldDoesNotAnswer() {
        EventBench hasty =
                new EventBench(database, tx, 0, EventBench.LEASE, Duration.ofMillis(50), EventBench.PATIENT, remote);
        remote.effect = event -> Mono.never();
        hasty.publish(new Happened(aggregate, 1));

        hasty.attempt(only(hasty.claim(remote)));

        assertThat(only(hasty.owed(remote)).lastError()).isEqualTo("timed out");
        assertThat(only(hasty.owed(remote)).status()).isEqualTo("RETRY");
    }

    /** Its own row is locked by the acknowledgement; the postponement gets it only from a transaction that has ended. */
    @Test
    void endsTheTransactionOfAHandlerThatDoesNotEnd() {
        EventBench hasty =
                new EventBench(database, tx, 0, EventBench.LEASE, Duration.ofMillis(50), EventBench.PATIENT, here);
        here.effect = event -> leaveAMark(event).then(Mono.never());
        hasty.publish(new Happened(aggregate, 1));

        hasty.attempt(only(hasty.claim(here)));

        assertThat(only(hasty.owed(here)).lastError()).isEqualTo("timed out");
        assertThat(marks()).isZero();
    }

    @Test
    void givesUpAtOnceWhenThePayloadCannotBeRead() {
        bench.publish(new Happened(aggregate, 1));
        breakThePayload();

        bench.attempt(only(bench.claim(here)));

        assertThat(only(bench.owed(here)).status()).isEqualTo("DEAD");
    }

    /** A change that only a committed attempt leaves behind. */
    private Mono<Void> leaveAMark(Happened event) {
        return database.sql("INSERT INTO product_sales (product_id, sold_hour, quantity, revenue)"
                        + " VALUES (:number, :at, 1, 1)")
                .bind("number", aggregate.getMostSignificantBits())
                .bind("at", Instant.EPOCH.plusSeconds(aggregate.getLeastSignificantBits() & 0xffff))
                .then();
    }

    private long marks() {
        return ledger.count(
                "SELECT COUNT(*) FROM product_sales WHERE product_id = :id", aggregate.getMostSignificantBits());
    }

    private void breakThePayload() {
        database.sql("UPDATE event SET payload = 'not JSON' WHERE aggregate_id = :id")
                .bind("id", aggregate)
                .then()
                .block();
    }

    private Delivery secondOf(UUID aggregateId, Subscriber<?> handler) {
        UUID id = database.sql("SELECT id FROM delivery WHERE aggregate_id = :id AND handler = :handler"
                        + " ORDER BY sequence DESC LIMIT 1")
                .bind("id", aggregateId)
                .bind("handler", handler.name())
                .map(row -> row.get("id", UUID.class))
                .one()
                .block();
        StoredEvent event = new StoredEvent(
                id, "test.happened.v1", aggregateId, 2, Instant.EPOCH, payloadOf(aggregateId), id, null, null, null);
        return new Delivery(id, handler.name(), 1, 1, Instant.EPOCH, event, false, Instant.MIN);
    }

    private static Payload payloadOf(UUID aggregateId) {
        return Payload.of("{\"aggregateId\":\"%s\",\"number\":2}".formatted(aggregateId));
    }

    private static <T> T only(List<T> list) {
        assertThat(list).hasSize(1);
        return list.get(0);
    }
}
