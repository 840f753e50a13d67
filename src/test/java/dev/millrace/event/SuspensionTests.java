package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.uuid.Generators;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What needs something that is down waits for it, is tried by one delivery at a time, and then follows in its order. */
@RunningService
class SuspensionTests {

    private static final Duration OPEN_FOR = Duration.ofSeconds(20);
    private static final Duration SWEEP_INTERVAL = Duration.ofMillis(250);
    private static final int AGGREGATES = 20;

    @EventType("test.sent.v1")
    record Sent(UUID aggregateId, int number) implements DomainEvent {}

    @EventType("test.arrived.v1")
    record Arrived(UUID aggregateId, int number) implements DomainEvent {}

    private final SetClock clock = new SetClock();
    private final Platform platform = new Platform();
    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final SinksEventBus bus;
    private final EventPublisher publisher;
    private final CountingQueue queue;
    private final DeliverySweeper sweeper;
    private final DeliveryWorker worker;
    private final List<UUID> aggregates =
            Stream.generate(UUID::randomUUID).limit(AGGREGATES).toList();
    private Disposable lanes = Disposables.disposed();

    SuspensionTests(DatabaseClient database, TransactionalOperator tx) {
        this.database = database;
        this.tx = tx;
        var uuids = Generators.timeBasedEpochGenerator();
        var codec = new EventCodec();
        RetryPolicy policy = new RetryPolicy(
                Duration.ofMillis(500), Duration.ofSeconds(30), 6, Duration.ofMinutes(15), Duration.ofHours(24), true);
        BusProperties properties = new BusProperties(
                BusProperties.Transport.SINKS,
                platform.name,
                4,
                Map.of(),
                1024,
                Duration.ofHours(1),
                SWEEP_INTERVAL,
                Duration.ofSeconds(20),
                Map.of(platform.name, policy),
                Duration.ofDays(1),
                EventBench.NO_KAFKA);
        Subscribers subscribers = new Subscribers(providing(List.of(platform)), codec);
        subscribers.afterSingletonsInstantiated();
        this.bus = new SinksEventBus(properties);
        this.queue = new CountingQueue(database, properties);
        this.publisher = new EventPublisher(
                new EventRepository(database),
                new SinksEventTransport(bus, properties, uuids, clock),
                codec,
                subscribers,
                uuids,
                clock);
        this.sweeper = new DeliverySweeper(bus, subscribers, queue, tx, properties, clock);
        this.worker = new DeliveryWorker(
                subscribers,
                new DeliveryRepository(database, properties),
                new AttemptRepository(database, uuids),
                publisher,
                codec,
                tx,
                properties,
                clock);
    }

    @BeforeEach
    void start() {
        lanes = bus.run(List.of(platform.name), worker::attempt).subscribe();
    }

    @AfterEach
    void stop() {
        lanes.dispose();
    }

    /** Two hours on a clock that the test moves. Each call fails, and one is made every twenty seconds. */
    @Test
    void givesNothingUpInAnOutageOfTwoHoursAndThenFollowsInOrder() {
        List.of(0, 1, 2).forEach(this::publishAll);
        settle();
        assertThat(platform.isSuspended()).isTrue();
        int callsBefore = platform.calls;

        int trials = (int) Duration.ofHours(2).dividedBy(OPEN_FOR);
        for (int trial = 0; trial < trials; trial++) {
            sweep();
            sweep();
            clock.forward(OPEN_FOR);
            sweep();
        }

        assertThat(platform.calls - callsBefore).isEqualTo(trials);
        assertThat(queue.claimed).isEqualTo(trials);
        assertThat(failedAttempts()).isEqualTo(platform.calls);
        assertThat(spentAttempts()).isEqualTo(platform.calls);
        assertThat(owed()).isEqualTo(3 * AGGREGATES);
        assertThat(dead()).isZero();

        platform.works = true;
        clock.forward(OPEN_FOR);
        for (int sweeps = 0; sweeps < 60 && owed() > 0; sweeps++) {
            sweep();
            clock.forward(SWEEP_INTERVAL);
        }

        assertThat(owed()).isZero();
        assertThat(platform.arrived.stream()
                        .collect(Collectors.groupingBy(
                                Sent::aggregateId, Collectors.mapping(Sent::number, Collectors.toList()))))
                .hasSize(AGGREGATES)
                .allSatisfy((aggregate, numbers) -> assertThat(numbers).containsExactly(0, 1, 2));
    }

    private void publishAll(int number) {
        aggregates.forEach(aggregate -> Shop.now(publisher
                .publish(new Sent(aggregate, number))
                .as(tx::transactional)
                .thenReturn(true)));
    }

    private void sweep() {
        sweeper.sweep().as(StepVerifier::create).verifyComplete();
        settle();
    }

    /** Until nothing is under way any more. */
    private void settle() {
        if (!isIdle()) {
            await().pollInterval(Duration.ofMillis(1)).until(this::isIdle);
        }
    }

    private boolean isIdle() {
        return bus.lanes(platform.name).held().isEmpty();
    }

    private long owed() {
        return number("SELECT COUNT(*) FROM delivery WHERE handler = :name");
    }

    private long dead() {
        return number("SELECT COUNT(*) FROM delivery WHERE handler = :name AND status = 'DEAD'");
    }

    private long spentAttempts() {
        return number("SELECT CAST(SUM(attempts) AS BIGINT) FROM delivery WHERE handler = :name");
    }

    private long failedAttempts() {
        return number("SELECT COUNT(*) FROM delivery_attempt a JOIN delivery d ON d.id = a.delivery_id"
                + " WHERE d.handler = :name AND a.outcome = 'FAILED'");
    }

    private long number(String sql) {
        return Shop.now(database.sql(sql)
                .bind("name", platform.name)
                .map(row -> Objects.requireNonNull(row.get(0, Long.class)))
                .one());
    }

    private static ObjectProvider<Subscriber<?>> providing(List<Subscriber<?>> handlers) {
        return new ObjectProvider<>() {
            @Override
            public Stream<Subscriber<?>> stream() {
                return handlers.stream();
            }
        };
    }

    /** Fails until it works. After ten failures it is left alone for a while, and again after each trial that fails. */
    private final class Platform implements RemoteEventHandler<Sent> {

        final String name = "test-" + UUID.randomUUID().toString().substring(0, 18);
        final List<Sent> arrived = new CopyOnWriteArrayList<>();
        volatile boolean works;
        volatile int calls;
        private volatile int failures;
        private volatile Instant leftAloneUntil = Instant.MIN;

        @Override
        public String name() {
            return name;
        }

        @Override
        public Class<Sent> eventClass() {
            return Sent.class;
        }

        @Override
        public boolean isSuspended() {
            return failures >= 10 && clock.instant().isBefore(leftAloneUntil);
        }

        @Override
        public Mono<Arrived> handle(Sent event, UUID deliveryId) {
            return Mono.fromCallable(() -> answer(event));
        }

        private synchronized Arrived answer(Sent event) {
            if (isSuspended()) {
                throw new Suspended("platform is left alone");
            }
            calls++;
            if (works) {
                failures = 0;
                arrived.add(event);
                return new Arrived(event.aggregateId(), event.number());
            }
            failures++;
            leftAloneUntil = clock.instant().plus(OPEN_FOR);
            throw new TransientFailure("platform answered 503");
        }
    }

    /** Counts what is claimed. */
    private static final class CountingQueue extends DeliveryQueue {

        volatile int claimed;

        CountingQueue(DatabaseClient database, BusProperties properties) {
            super(database, properties);
        }

        @Override
        Mono<List<Delivery>> claim(List<Delivery> due, String owner, Instant now, Instant lease) {
            return super.claim(due, owner, now, lease).doOnNext(found -> claimed += found.size());
        }
    }

    /** A clock that stands still until the test moves it. */
    private static final class SetClock extends Clock {

        private volatile Instant instant = Instant.now().truncatedTo(ChronoUnit.MICROS);

        void forward(Duration duration) {
            instant = instant.plus(duration);
        }

        @Override
        public Instant instant() {
            return instant;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
