package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Told;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.NoTransactionException;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** An event is recorded and delivered if and only if the transaction that publishes it commits. */
@RunningService
class EventPublisherTests {

    private final TransactionalOperator tx;
    private final Ledger ledger;
    private final Here handler = new Here();
    private final EventBench bench;
    private final UUID aggregate = UUID.randomUUID();

    EventPublisherTests(DatabaseClient database, TransactionalOperator tx, Ledger ledger) {
        this.tx = tx;
        this.ledger = ledger;
        this.bench = new EventBench(database, tx, 1, handler);
    }

    @Test
    void offersTheEventAfterTheCommitAndNotBefore() {
        Mono<List<UUID>> heldBeforeTheCommit = bench.publisher
                .publish(new Happened(aggregate, 1))
                .then(Mono.fromSupplier(bench::held))
                .as(tx::transactional);

        heldBeforeTheCommit.as(StepVerifier::create).expectNext(List.of()).verifyComplete();

        assertThat(bench.held()).hasSize(1);
        assertThat(ledger.eventsOf(aggregate)).containsExactly("test.happened.v1");
        assertThat(bench.owed(handler)).singleElement().satisfies(owed -> {
            assertThat(owed.status()).isEqualTo("PENDING");
            assertThat(owed.owner()).isEqualTo(bench.properties.instance());
            assertThat(owed.nextAttemptAt()).isEqualTo(bench.leaseEnd());
            assertThat(owed.attempts()).isEqualTo(1);
        });
    }

    @Test
    void deliversNothingAndGivesThePlaceBackWhenTheTransactionRollsBack() {
        Mono<Void> doomed = bench.publisher
                .publish(new Happened(aggregate, 1))
                .then(Mono.<Void>error(new IllegalStateException("rolled back")))
                .as(tx::transactional);

        doomed.as(StepVerifier::create).verifyErrorMessage("rolled back");

        assertThat(bench.held()).isEmpty();
        assertThat(bench.bus.reserve(handler.name(), 1)).isEqualTo(1);
        assertThat(ledger.eventsOf(aggregate)).isEmpty();
        assertThat(bench.owed(handler)).isEmpty();
    }

    @Test
    void recordsNothingOutsideOfATransaction() {
        Mono<Void> outside = bench.publisher.publish(new Happened(aggregate, 1));

        outside.as(StepVerifier::create).verifyError(NoTransactionException.class);

        assertThat(ledger.eventsOf(aggregate)).isEmpty();
        assertThat(bench.owed(handler)).isEmpty();
        assertThat(bench.bus.reserve(handler.name(), 1)).isEqualTo(1);
    }

    @Test
    void recordsNothingOutsideOfATransactionEvenIfNobodyIsOwedTheEvent() {
        Mono<Void> outside = bench.publisher.publish(new Told(aggregate, "nobody listens"));

        outside.as(StepVerifier::create).verifyError(NoTransactionException.class);

        assertThat(ledger.eventsOf(aggregate)).isEmpty();
    }

    @Test
    void owesADeliveryThatFindsNoPlaceOnTheBusAsDue() {
        bench.publish(new Happened(UUID.randomUUID(), 1));

        bench.publish(new Happened(aggregate, 1));

        assertThat(bench.held()).hasSize(1);
        assertThat(bench.owed(handler))
                .filteredOn(owed -> owed.owner() == null)
                .singleElement()
                .satisfies(owed -> {
                    assertThat(owed.nextAttemptAt()).isEqualTo(bench.clock.instant());
                    assertThat(owed.attempts()).isZero();
                });
    }

    @Test
    void numbersTheEventsOfAnAggregateDensely() {
        bench.publish(new Happened(aggregate, 1));
        bench.publish(new Told(aggregate, "in between"));
        bench.publish(new Happened(aggregate, 2));

        assertThat(ledger.eventsOf(aggregate)).containsExactly("test.happened.v1", "test.told.v1", "test.happened.v1");
        assertThat(ledger.count("SELECT MAX(sequence) FROM event WHERE aggregate_id = :id", aggregate))
                .isEqualTo(3);
    }

    /** Both take the same next number; whoever comes second begins again. */
    @Test
    void numbersTheEventsOfTwoTransactionsAtTheSameTime() {
        Mono<Void> one = publishSlowly(new Told(aggregate, "one"));
        Mono<Void> other = publishSlowly(new Told(aggregate, "other"));

        Mono.when(one, other).as(StepVerifier::create).verifyComplete();

        assertThat(ledger.eventsOf(aggregate)).hasSize(2);
        assertThat(ledger.count("SELECT MAX(sequence) FROM event WHERE aggregate_id = :id", aggregate))
                .isEqualTo(2);
    }

    private Mono<Void> publishSlowly(Told event) {
        return bench.publisher
                .publish(event)
                .then(Mono.delay(Duration.ofMillis(50)))
                .then()
                .as(tx::transactional);
    }

    @Test
    void clearsTheEventsOfAnAggregateOnlyOnceTheyArePublished() {
        AggregateRoot root = new AggregateRoot() {
            {
                registerEvent(new Happened(aggregate, 1));
                registerEvent(new Happened(aggregate, 2));
            }
        };

        bench.publisher.publishEventsOf(root).as(StepVerifier::create).verifyError(NoTransactionException.class);
        assertThat(root.events()).hasSize(2);
        bench.publisher
                .publishEventsOf(root)
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(root.events()).isEmpty();
        assertThat(ledger.eventsOf(aggregate)).hasSize(2);
    }

    @Test
    void saysWhatAnEventFollowsFrom() {
        handler.effect = event -> bench.publisher.publish(new Told(aggregate, "follows"));
        bench.publish(new Happened(UUID.randomUUID(), 0));
        bench.publish(new Happened(aggregate, 1));
        bench.clock.forward(EventBench.LEASE);

        bench.claim(handler).forEach(bench::attempt);

        assertThat(ledger.count(
                        "SELECT COUNT(*) FROM event told JOIN event happened ON happened.id = told.causation_id"
                                + " AND happened.id = told.correlation_id AND happened.correlation_id = happened.id"
                                + " WHERE told.type = 'test.told.v1' AND happened.aggregate_id = :id",
                        aggregate))
                .isEqualTo(1);
    }
}
