package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Remote;
import dev.millrace.event.EventBench.Row;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** What is promised of events however they travel. */
abstract class EventTransportContract {

    static final int CAPACITY = 8;

    /** Twice at once, and then no more. */
    static final RetryPolicy TWICE =
            new RetryPolicy(Duration.ofMillis(20), Duration.ofMillis(20), 2, null, Duration.ofDays(1), false);

    static final RetryPolicy HOLDS_BACK =
            new RetryPolicy(Duration.ofMillis(200), Duration.ofMillis(200), 9, null, Duration.ofDays(1), true);

    final DatabaseClient database;
    final TransactionalOperator tx;
    final BusProperties.Kafka kafka;
    final Here here = new Here();
    final Remote remote = new Remote();
    final EventBench bench;

    EventTransportContract(DatabaseClient database, TransactionalOperator tx, BusProperties.Kafka kafka) {
        this.database = database;
        this.tx = tx;
        this.kafka = kafka;
        this.bench = EventBench.over(kafka, database, tx, CAPACITY, TWICE, subscribers());
    }

    Subscriber<?>[] subscribers() {
        return new Subscriber<?>[] {here, remote};
    }

    @AfterEach
    void stop() {
        bench.stop().as(StepVerifier::create).verifyComplete();
    }

    @Test
    void deliversTheEventsOfAnAggregateInTheirOrder() {
        List<UUID> aggregates = Stream.generate(UUID::randomUUID).limit(5).toList();
        bench.start();

        publishInTurn(aggregates, 20);

        waiting().until(() -> here.handled.size() == 100);
        assertThat(aggregates).allSatisfy(aggregate -> assertThat(numbersOf(aggregate))
                .containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList()));
        waiting().untilAsserted(() -> assertThat(bench.owed(here)).isEmpty());
    }

    @Test
    void deliversNothingThatIsNotCommitted() {
        UUID aggregate = UUID.randomUUID();
        bench.start();

        bench.publisher
                .publish(new Happened(aggregate, 1))
                .then(Mono.<Void>error(new IllegalStateException("rolled back")))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyErrorMessage("rolled back");
        bench.publish(new Happened(aggregate, 2));

        waiting().until(() -> !here.handled.isEmpty());
        assertThat(numbersOf(aggregate)).containsExactly(2);
    }

    @Test
    void deliversAgainWhatFailed() {
        AtomicInteger attempts = new AtomicInteger();
        here.effect =
                event -> attempts.incrementAndGet() == 1 ? Mono.error(new TransientFailure("not now")) : Mono.empty();
        UUID aggregate = UUID.randomUUID();
        bench.start();

        bench.publish(new Happened(aggregate, 1));
        bench.publish(new Happened(aggregate, 2));

        waiting().until(() -> here.handled.size() == 2);
        assertThat(numbersOf(aggregate)).containsExactly(1, 2);
        assertThat(attempts).hasValue(3);
    }

    /** Nothing that is sent to the outside world can be taken back. */
    @Test
    void sendsNothingBeforeWhatFailed() {
        Remote strict = new Remote();
        EventBench own = EventBench.over(kafka, database, tx, CAPACITY, HOLDS_BACK, strict);
        Sinks.Empty<Void> failing = Sinks.empty();
        List<Integer> sent = new CopyOnWriteArrayList<>();
        strict.effect = event ->
                sent.isEmpty() && event.number() == 1 && failing.tryEmitEmpty().isSuccess()
                        ? Mono.error(new TransientFailure("not now"))
                        : Mono.fromRunnable(() -> sent.add(event.number()));
        UUID aggregate = UUID.randomUUID();
        own.start();

        own.publish(new Happened(aggregate, 1));
        failing.asMono().block(Duration.ofSeconds(20));
        own.publish(new Happened(aggregate, 2));

        waiting().untilAsserted(() -> assertThat(sent).containsExactly(1, 2));
        own.stop().as(StepVerifier::create).verifyComplete();
    }

    /** What finds no room waits in the database. */
    @Test
    void holdsNoMoreThanItsCapacity() {
        Sinks.Empty<Void> opening = Sinks.empty();
        here.effect = event -> opening.asMono();
        bench.start();

        publishInTurn(Stream.generate(UUID::randomUUID).limit(40).toList(), 1);

        waiting().until(() -> bench.bus.lanes(here.name()).held().size() == CAPACITY);
        waiting().untilAsserted(() -> assertThat(bench.owed(here))
                .hasSize(40)
                .filteredOn(owed -> bench.properties.instance().equals(owed.owner()))
                .hasSize(CAPACITY));
        opening.tryEmitEmpty();
        waiting().until(() -> here.handled.size() == 40);
        assertThat(here.handled).doesNotHaveDuplicates();
    }

    @Test
    void letsNoHandlerStallAnother() {
        remote.effect = event -> Mono.never();
        bench.start();

        publishInTurn(Stream.generate(UUID::randomUUID).limit(30).toList(), 1);

        waiting().until(() -> here.handled.size() == 30);
        assertThat(bench.owed(remote)).hasSize(30);
    }

    @Test
    void letsPoisonStopNobody() {
        List<UUID> aggregates = Stream.generate(UUID::randomUUID).limit(20).toList();
        here.effect = event -> event.number() == 0 && isPoisoned(event.aggregateId(), aggregates)
                ? Mono.error(new PermanentFailure("wrong colour"))
                : Mono.empty();
        bench.start();

        publishInTurn(aggregates, 3);

        waiting().until(() -> here.handled.size() == 55);
        waiting().untilAsserted(() -> assertThat(bench.owed(here))
                .hasSize(5)
                .allSatisfy(owed -> assertThat(owed.status()).isEqualTo("DEAD"))
                .allSatisfy(owed -> assertThat(owed.lastError()).isEqualTo("wrong colour")));
    }

    @Test
    void finishesAtAStopWhatHasBegunAndHandsTheRestBack() {
        Sinks.Empty<Void> finishing = Sinks.empty();
        AtomicInteger begun = new AtomicInteger();
        here.effect = event -> Mono.fromRunnable(begun::incrementAndGet).then(finishing.asMono());
        bench.start();
        UUID aggregate = UUID.randomUUID();
        publishInTurn(List.of(aggregate), 3);
        waiting().until(() -> begun.get() == 1);

        Mono<Void> stopped = bench.stop().cache();
        stopped.subscribe();
        waiting().until(() -> !bench.delivery.isRunning());
        finishing.tryEmitEmpty();

        stopped.as(StepVerifier::create).verifyComplete();
        assertThat(numbersOf(aggregate)).containsExactly(0);
        assertThat(bench.owed(here)).extracting(Row::owner).hasSize(2).doesNotContain(bench.properties.instance());
    }

    @Test
    void resumesAfterARestart() {
        UUID aggregate = UUID.randomUUID();
        bench.start();
        bench.publish(new Happened(aggregate, 0));
        waiting().until(() -> here.handled.size() == 1);
        stop();
        bench.publish(new Happened(aggregate, 1));
        bench.publish(new Happened(aggregate, 2));
        bench.clock.forward(Duration.ofMinutes(1));

        bench.start();

        bench.publish(new Happened(aggregate, 3));
        waiting().until(() -> here.handled.size() == 4);
        assertThat(numbersOf(aggregate)).containsExactly(0, 1, 2, 3);
    }

    /** What is recorded while others are handled can come second more often than a transaction repeats itself. */
    final void publishInTurn(List<UUID> aggregates, int times) {
        Flux.range(0, times)
                .concatMap(number -> Flux.fromIterable(aggregates)
                        .concatMap(aggregate -> bench.publisher.publish(new Happened(aggregate, number)))
                        .then()
                        .as(tx::transactional)
                        .retryWhen(Retry.max(20).filter(ConcurrencyFailureException.class::isInstance)))
                .then()
                .as(StepVerifier::create)
                .verifyComplete();
    }

    final List<Integer> numbersOf(UUID aggregate) {
        return here.handled.stream()
                .filter(event -> Objects.equals(event.aggregateId(), aggregate))
                .map(Happened::number)
                .toList();
    }

    /** Longer than usual: a group of consumers takes a moment to form. */
    static ConditionFactory waiting() {
        return await().atMost(Duration.ofSeconds(20));
    }

    private static boolean isPoisoned(UUID aggregate, List<UUID> aggregates) {
        return aggregates.indexOf(aggregate) % 4 == 0;
    }
}
