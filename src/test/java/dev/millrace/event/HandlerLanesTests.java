package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Lanes lose nothing that many threads offer at once, keep each aggregate's order, and hold no more than their capacity. */
class HandlerLanesTests {

    private static final int THREADS = 4;
    private static final int OFFERS = 100_000;
    private static final int AGGREGATES = 64;

    @Test
    void loseNothingAndKeepTheOrderOfEachAggregate() {
        HandlerLanes lanes = new HandlerLanes("test", 4, THREADS * OFFERS);
        AtomicInteger handled = new AtomicInteger();
        AtomicInteger outOfOrder = new AtomicInteger();
        Map<UUID, AtomicLong> last = new ConcurrentHashMap<>();
        Mono<Void> running = lanes.run(delivery -> Mono.fromRunnable(() -> {
            long sequence = delivery.event().sequence();
            long before = last.computeIfAbsent(delivery.event().aggregateId(), id -> new AtomicLong())
                    .getAndSet(sequence);
            outOfOrder.addAndGet(sequence == before + 1 ? 0 : 1);
            handled.incrementAndGet();
        }));

        Mono<Void> offering = Flux.range(0, THREADS)
                .flatMap(
                        thread -> Mono.fromRunnable(() -> offerAll(lanes)).subscribeOn(Schedulers.boundedElastic()),
                        THREADS)
                .then(Mono.fromRunnable(lanes::close));

        Mono.when(running, offering).as(StepVerifier::create).expectComplete().verify(Duration.ofSeconds(30));
        assertThat(handled).hasValue(THREADS * OFFERS);
        assertThat(outOfOrder).hasValue(0);
        assertThat(lanes.held()).isEmpty();
        assertThat(lanes.reserve(THREADS * OFFERS)).isEqualTo(THREADS * OFFERS);
    }

    @Test
    void giveAwayNoMorePlacesThanTheyHave() {
        HandlerLanes lanes = new HandlerLanes("test", 4, 1_000);

        long given = Flux.range(0, THREADS)
                .flatMap(
                        thread -> Mono.fromSupplier(() -> IntStream.range(0, 1_000)
                                        .mapToLong(round -> lanes.reserve(1 + round % 3))
                                        .sum())
                                .subscribeOn(Schedulers.boundedElastic()),
                        THREADS)
                .reduce(0L, Long::sum)
                .block();

        assertThat(given).isEqualTo(1_000);
        assertThat(lanes.reserve(1)).isZero();
        lanes.release(2);
        assertThat(lanes.reserve(3)).isEqualTo(2);
    }

    /** Or what waits in the database would wait for as long as new ones come. */
    @Test
    void leaveAnEighthOfTheirPlacesToWhatIsNotNew() {
        HandlerLanes lanes = new HandlerLanes("test", 1, 16);

        long given = IntStream.range(0, 16).filter(i -> lanes.reserveForNew()).count();

        assertThat(given).isEqualTo(14);
        assertThat(lanes.reserve(16)).isEqualTo(2);
    }

    @Test
    void freeThePlaceWhenTheWorkIsDoneOrHasFailed() {
        HandlerLanes lanes = new HandlerLanes("test", 1, 1);
        Sinks.Empty<Void> work = Sinks.empty();
        lanes.run(delivery -> work.asMono()).subscribe();
        Delivery delivery = aDelivery(UUID.randomUUID(), 1);

        lanes.reserve(1);
        lanes.offer(delivery);
        assertThat(lanes.held()).containsExactly(delivery.id());
        assertThat(lanes.reserve(1)).isZero();
        work.tryEmitEmpty();

        await().untilAsserted(() -> assertThat(lanes.held()).isEmpty());
        assertThat(lanes.reserve(1)).isEqualTo(1);
    }

    @Test
    void handleOneDeliveryOfAnAggregateAtATimeAndOthersMeanwhile() {
        HandlerLanes lanes = new HandlerLanes("test", 2, 10);
        List<Long> begun = new CopyOnWriteArrayList<>();
        lanes.run(delivery -> {
                    begun.add(delivery.event().sequence());
                    return Mono.never();
                })
                .subscribe();
        UUID one = new UUID(0, 0);
        UUID other = new UUID(0, 1);

        lanes.reserve(3);
        lanes.offer(aDelivery(one, 1));
        lanes.offer(aDelivery(one, 2));
        lanes.offer(aDelivery(other, 3));

        await().untilAsserted(() -> assertThat(begun).containsExactlyInAnyOrder(1L, 3L));
        assertThat(lanes.held()).hasSize(3);
    }

    @Test
    void knowSinceWhenTheyHoldWhat() {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        HandlerLanes lanes = new HandlerLanes("test", 1, 2);
        Delivery early = aDelivery(UUID.randomUUID(), 1);
        lanes.reserve(2);
        lanes.offer(early);
        time.advanceTimeBy(Duration.ofSeconds(5));
        lanes.offer(aDelivery(UUID.randomUUID(), 1));

        assertThat(lanes.heldFor(Duration.ofSeconds(5))).containsExactly(early.id());
        assertThat(lanes.held()).hasSize(2);
    }

    @AfterEach
    void realTime() {
        VirtualTimeScheduler.reset();
    }

    @Test
    void takeNothingOnceClosedAndGiveThePlaceBack() {
        HandlerLanes lanes = new HandlerLanes("test", 1, 1);
        lanes.close();

        lanes.reserve(1);
        lanes.offer(aDelivery(UUID.randomUUID(), 1));

        assertThat(lanes.held()).isEmpty();
        assertThat(lanes.reserve(1)).isEqualTo(1);
    }

    private static void offerAll(HandlerLanes lanes) {
        List<UUID> aggregates = IntStream.range(0, AGGREGATES)
                .mapToObj(index -> UUID.randomUUID())
                .toList();
        for (int index = 0; index < OFFERS; index++) {
            lanes.reserve(1);
            lanes.offer(aDelivery(aggregates.get(index % AGGREGATES), 1 + index / AGGREGATES));
        }
    }

    private static Delivery aDelivery(UUID aggregateId, long sequence) {
        StoredEvent event = new StoredEvent(
                aggregateId,
                "test.happened.v1",
                aggregateId,
                sequence,
                Instant.EPOCH,
                Payload.of("{}"),
                aggregateId,
                null,
                null,
                null);
        return new Delivery(
                new UUID(aggregateId.getLeastSignificantBits(), sequence),
                "test",
                1,
                1,
                Instant.EPOCH,
                event,
                false,
                Instant.MIN);
    }
}
