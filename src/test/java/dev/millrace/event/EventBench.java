package dev.millrace.event;

import static dev.millrace.harness.Shop.now;

import com.fasterxml.uuid.Generators;
import dev.millrace.transaction.Lane;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A bus, a worker and a sweeper on the real database, apart from those of the running service: with handlers, a name and a
 * clock of their own.
 */
final class EventBench {

    static final Duration LEASE = Duration.ofSeconds(30);

    /** Tries longer than any test does. */
    static final RetryPolicy PATIENT =
            new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(30), 1_000, null, Duration.ofDays(365), false);

    static final BusProperties.Kafka NO_KAFKA = kafka("nowhere", "none", Duration.ZERO);

    static BusProperties.Kafka kafka(String servers, String topic, Duration patience) {
        return new BusProperties.Kafka(
                servers, topic, topic + ".dlt", 3, (short) 1, Duration.ofDays(1), patience, Map.of());
    }

    @EventType("test.happened.v1")
    record Happened(UUID aggregateId, int number) implements DomainEvent {}

    @EventType("test.told.v1")
    record Told(UUID aggregateId, String key) implements DomainEvent {}

    /** A clock that stands still until a test moves it, or lets it run. */
    static final class SetClock extends Clock {

        private volatile Instant instant = Instant.now().truncatedTo(ChronoUnit.MICROS);

        private volatile Clock running;

        void run() {
            running = Clock.tick(Clock.systemUTC(), Duration.ofNanos(1_000));
        }

        void forward(Duration duration) {
            instant = instant.plus(duration);
        }

        @Override
        public Instant instant() {
            return running == null ? instant : running.instant();
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

    /** Handles in our database, and remembers what it has handled: whatever was rolled back was not. */
    static final class Here implements EventHandler<Happened> {

        final String name = uniqueName();
        final Queue<Happened> handled = new ConcurrentLinkedQueue<>();
        final Queue<Happened> givenUp = new ConcurrentLinkedQueue<>();
        volatile Function<Happened, Mono<Void>> effect = event -> Mono.empty();
        volatile Function<Happened, Mono<Void>> consequence = event -> Mono.empty();
        volatile boolean atOnce;
        volatile Duration delay = Duration.ZERO;

        @Override
        public Duration delay(Happened event) {
            return delay;
        }

        @Override
        public boolean isHandledAtOnce() {
            return atOnce;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Class<Happened> eventClass() {
            return Happened.class;
        }

        @Override
        public Mono<Void> handle(Happened event) {
            return Mono.defer(() -> effect.apply(event))
                    .then(TransactionSynchronizationManager.forCurrentTransaction())
                    .doOnNext(transaction -> transaction.registerSynchronization(new Handled(event)))
                    .then();
        }

        @RequiredArgsConstructor
        private final class Handled implements TransactionSynchronization {

            private final Happened event;

            @Override
            public Mono<Void> beforeCommit(boolean readOnly) {
                return Mono.fromRunnable(() -> handled.add(event));
            }
        }

        @Override
        public Mono<Void> whenGivenUp(Happened event, String reason, int attempts) {
            return Mono.defer(() -> consequence.apply(event)).then(Mono.fromRunnable(() -> givenUp.add(event)));
        }
    }

    /** Handles somewhere else, and remembers the keys it was handed. */
    static final class Remote implements RemoteEventHandler<Happened> {

        final String name = uniqueName();
        final List<UUID> keys = new CopyOnWriteArrayList<>();
        volatile Function<Happened, Mono<Void>> effect = event -> Mono.empty();

        @Override
        public String name() {
            return name;
        }

        @Override
        public Class<Happened> eventClass() {
            return Happened.class;
        }

        @Override
        public Mono<Told> handle(Happened event, UUID deliveryId) {
            return Mono.defer(() -> {
                keys.add(deliveryId);
                return effect.apply(event).thenReturn(new Told(event.aggregateId(), deliveryId.toString()));
            });
        }
    }

    /** One row of what is owed. */
    record Row(String status, int attempts, long fence, String owner, Instant nextAttemptAt, String lastError) {}

    final SetClock clock = new SetClock();
    final BusProperties properties;
    final SinksEventBus bus;
    final Subscribers subscribers;
    final EventPublisher publisher;
    final DeliveryQueue queue;
    final DeliveryRepository deliveries;
    final DeliveryWorker worker;
    final DeliverySweeper sweeper;
    final EventDelivery delivery;

    private final Deque<SmartLifecycle> lives = new ArrayDeque<>();
    private final DatabaseClient database;
    private final TransactionalOperator tx;

    EventBench(DatabaseClient database, TransactionalOperator tx, int capacity, Subscriber<?>... handlers) {
        this(database, tx, capacity, LEASE, Duration.ofSeconds(10), PATIENT, handlers);
    }

    EventBench(
            DatabaseClient database,
            TransactionalOperator tx,
            int capacity,
            RetryPolicy policy,
            Subscriber<?>... handlers) {
        this(database, tx, capacity, LEASE, Duration.ofSeconds(10), policy, handlers);
    }

    EventBench(
            DatabaseClient database,
            TransactionalOperator tx,
            int capacity,
            Duration lease,
            Duration timeout,
            RetryPolicy policy,
            Subscriber<?>... handlers) {
        this(database, tx, 2, capacity, lease, timeout, policy, NO_KAFKA, handlers);
    }

    private EventBench(
            DatabaseClient database,
            TransactionalOperator tx,
            int lanes,
            int capacity,
            Duration lease,
            Duration timeout,
            RetryPolicy policy,
            BusProperties.Kafka kafka,
            Subscriber<?>... handlers) {
        this.database = database;
        this.tx = tx;
        this.properties = new BusProperties(
                kafka == NO_KAFKA ? BusProperties.Transport.SINKS : BusProperties.Transport.KAFKA,
                uniqueName(),
                lanes,
                Map.of(),
                capacity,
                lease,
                Duration.ofMillis(20),
                timeout,
                Stream.of(handlers).collect(Collectors.toMap(Subscriber::name, handler -> policy)),
                Duration.ofDays(30),
                kafka);
        var uuids = Generators.timeBasedEpochGenerator();
        var codec = new EventCodec();
        this.bus = new SinksEventBus(properties);
        this.subscribers = new Subscribers(providing(List.of(handlers)), codec);
        this.subscribers.afterSingletonsInstantiated();
        this.queue = new DeliveryQueue(database, properties);
        this.deliveries = new DeliveryRepository(database, properties);
        var events = new EventRepository(database);
        var attempts = new AttemptRepository(database, uuids);
        var sender = new KafkaRecordSender(kafka);
        var relay = new KafkaRelay(queue, deliveries, attempts, sender, tx, properties, clock);
        var transport = kafka == NO_KAFKA
                ? new SinksEventTransport(bus, properties, uuids, clock)
                : new KafkaEventTransport(relay, properties, uuids, clock);
        this.publisher = new EventPublisher(events, transport, codec, subscribers, uuids, clock);
        this.worker = new DeliveryWorker(subscribers, deliveries, attempts, publisher, codec, tx, properties, clock);
        this.sweeper = new DeliverySweeper(bus, subscribers, queue, tx, properties, clock);
        this.delivery =
                new EventDelivery(bus, subscribers, worker, sweeper, queue, properties, clock, Duration.ofMillis(200));
        lives.add(delivery);
        if (kafka != NO_KAFKA) {
            var inbox =
                    new KafkaInbox(events, queue, transport, sweeper, subscribers, codec, tx, properties, uuids, clock);
            lives.add(new KafkaDelivery(
                    new KafkaTopics(kafka), relay, inbox, sender, subscribers, Duration.ofSeconds(2)));
        }
    }

    /** A bench for thousands of deliveries, whose clock runs. */
    static EventBench wide(
            DatabaseClient database, TransactionalOperator tx, RetryPolicy policy, Subscriber<?>... handlers) {
        EventBench bench =
                new EventBench(database, tx, 8, 1_024, LEASE, Duration.ofSeconds(10), policy, NO_KAFKA, handlers);
        bench.clock.run();
        return bench;
    }

    /** A bench whose events travel through Kafka if they are told where it is, and whose clock runs. */
    static EventBench over(
            BusProperties.Kafka kafka,
            DatabaseClient database,
            TransactionalOperator tx,
            int capacity,
            RetryPolicy policy,
            Subscriber<?>... handlers) {
        EventBench bench =
                new EventBench(database, tx, 4, capacity, LEASE, Duration.ofSeconds(10), policy, kafka, handlers);
        bench.clock.run();
        return bench;
    }

    /** Starts all that a service starts, in its order. */
    void start() {
        lives.forEach(SmartLifecycle::start);
    }

    /** Stops it in the opposite order, each only when the one before has stopped. */
    Mono<Void> stop() {
        return Flux.fromIterable(lives::descendingIterator)
                .concatMap(life -> Mono.<Void>create(stopped -> life.stop(stopped::success)))
                .then();
    }

    /** Publishes the event in a transaction of its own. */
    void publish(DomainEvent event) {
        publisher.publish(event).as(tx::transactional).block(Duration.ofSeconds(30));
    }

    /** Does all of it in a transaction that is shared: the lane is held until everything waits in it. What fails is left out. */
    void inOneTransaction(List<Mono<Void>> works) {
        Sinks.Empty<Void> begun = Sinks.empty();
        Sinks.Empty<Void> gate = Sinks.empty();
        String lane = uniqueName();
        CompletableFuture<Void> holder =
                inLane(lane, Mono.fromRunnable(begun::tryEmitEmpty).then(gate.asMono()));
        begun.asMono().block(Duration.ofSeconds(30));
        List<CompletableFuture<Void>> all =
                works.stream().map(work -> inLane(lane, work)).toList();
        gate.tryEmitEmpty();
        holder.join();
        all.forEach(CompletableFuture::join);
    }

    private CompletableFuture<Void> inLane(String lane, Mono<Void> work) {
        return work.as(tx::transactional)
                .onErrorComplete()
                .contextWrite(Lane.ofAny(lane).joined())
                .toFuture();
    }

    /** Takes what is due for the handler now, as a sweep does. */
    List<Delivery> claim(Subscriber<?> handler) {
        return claim(handler, properties.instance());
    }

    List<Delivery> claim(Subscriber<?> handler, String owner) {
        return now(claiming(handler, owner));
    }

    Mono<List<Delivery>> claiming(Subscriber<?> handler, String owner) {
        return queue.findDue(handler.name(), 100, clock.instant())
                .flatMap(due -> queue.claim(due, owner, clock.instant(), leaseEnd()));
    }

    Instant leaseEnd() {
        return clock.instant().plus(properties.lease());
    }

    void attempt(Delivery attempted) {
        worker.attempt(attempted).block(Duration.ofSeconds(30));
    }

    List<Row> owed(Subscriber<?> handler) {
        return now(database.sql("SELECT * FROM delivery WHERE handler = :handler ORDER BY sequence")
                .bind("handler", handler.name())
                .map(row -> new Row(
                        row.get("status", String.class),
                        Objects.requireNonNull(row.get("attempts", Integer.class)),
                        Objects.requireNonNull(row.get("fence", Long.class)),
                        row.get("owner", String.class),
                        row.get("next_attempt_at", Instant.class),
                        row.get("last_error", String.class)))
                .all()
                .collectList());
    }

    List<UUID> held() {
        List<UUID> held = new ArrayList<>();
        bus.lanes().forEach(lanes -> held.addAll(lanes.held()));
        return held;
    }

    private static String uniqueName() {
        return "test-" + UUID.randomUUID().toString().substring(0, 18);
    }

    private static ObjectProvider<Subscriber<?>> providing(List<Subscriber<?>> handlers) {
        return new ObjectProvider<>() {
            @Override
            public Stream<Subscriber<?>> stream() {
                return handlers.stream();
            }
        };
    }
}
