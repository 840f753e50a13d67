package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Row;
import dev.millrace.harness.KafkaBroker;
import dev.millrace.harness.KafkaTopic;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lombok.extern.slf4j.Slf4j;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Events that travel through Kafka, and what else may happen to them there. */
@Slf4j
@RunningService
@Tag("embedded")
class KafkaEventTransportTests extends EventTransportContract {

    private static final int BACKLOG = 10_000;
    private static final int ORDERS = 2_000;
    private static final Duration LONG = Duration.ofMinutes(2);

    /** Looking costs the database something too. */
    private static final Duration SELDOM = Duration.ofMillis(200);

    /** Is due long after its event. */
    private static final class Timer implements EventHandler<Happened> {

        final Here handled = new Here();

        @Override
        public String name() {
            return handled.name();
        }

        @Override
        public Class<Happened> eventClass() {
            return Happened.class;
        }

        @Override
        public Duration delay(Happened event) {
            return Duration.ofHours(1);
        }

        @Override
        public Mono<Void> handle(Happened event) {
            return handled.handle(event);
        }
    }

    private final Shop shop;
    private final Ledger ledger;
    private final BusProperties.Kafka kafka;
    private final List<EventBench> others = new ArrayList<>();
    private Timer timer;

    KafkaEventTransportTests(Shop shop, Ledger ledger, DatabaseClient database, TransactionalOperator tx) {
        super(
                database,
                tx,
                EventBench.kafka(KafkaBroker.servers(), "test-" + UUID.randomUUID(), Duration.ofMinutes(10)));
        this.shop = shop;
        this.ledger = ledger;
        this.kafka = bench.properties.kafka();
    }

    @Override
    Subscriber<?>[] subscribers() {
        timer = new Timer();
        return new Subscriber<?>[] {here, remote, timer, new KafkaUnreadableEventHandler()};
    }

    @AfterEach
    void mend() {
        KafkaBroker.mend();
        others.forEach(other -> now(other.stop().thenReturn(true)));
    }

    @Test
    void sendsEachEventAsACloudEventThatAnybodyCanRead() {
        UUID aggregate = UUID.randomUUID();
        Instant before = Instant.now();
        bench.start();
        bench.publish(new Happened(aggregate, 7));

        ConsumerRecord<byte[], byte[]> sent = waiting()
                .until(() -> recordsOf(aggregate), found -> found.size() >= 1)
                .get(0);

        assertThat(new String(sent.key(), StandardCharsets.UTF_8)).isEqualTo(aggregate.toString());
        Map<String, String> headers = headersOf(sent);
        assertThat(headers)
                .containsEntry("ce_specversion", "1.0")
                .containsEntry("ce_type", "test.happened.v1")
                .containsEntry("ce_source", "/millrace")
                .containsEntry("ce_subject", aggregate.toString())
                .containsEntry("ce_sequence", "1")
                .containsEntry("content-type", "application/json");
        assertThat(UUID.fromString(headers.get("ce_id"))).hasToString(headers.get("ce_correlationid"));
        assertThat(Instant.parse(headers.get("ce_time"))).isBetween(before.minusSeconds(1), Instant.now());
        JsonNode payload = JsonMapper.shared().readTree(sent.value());
        assertThat(payload.path("aggregateId").asString()).isEqualTo(aggregate.toString());
        assertThat(payload.path("number").asInt()).isEqualTo(7);
    }

    /** Its record is for others; here it finds nothing that waits for it. */
    @Test
    void sendsAnEventThatIsHandledAtOnceAndHandlesItNoMore() {
        here.atOnce = true;
        List<Happened> events = Stream.generate(() -> new Happened(UUID.randomUUID(), 1))
                .limit(3)
                .toList();
        bench.start();

        bench.inOneTransaction(
                events.stream().map(event -> bench.publisher.publish(event)).toList());

        assertThat(bench.owed(here)).isEmpty();
        waiting().untilAsserted(() -> assertThat(remote.keys).hasSize(events.size()));
        assertThat(events)
                .allSatisfy(event -> assertThat(recordsOf(event.aggregateId())).isNotEmpty());
        assertThat(here.handled).containsExactlyInAnyOrderElementsOf(events);
    }

    /** Once while the event is being handled, and once when it has been. */
    @Test
    void leavesADuplicateOfARecordWithoutEffect() {
        Sinks.Empty<Void> handling = Sinks.empty();
        here.effect = event -> handling.asMono();
        UUID aggregate = UUID.randomUUID();
        bench.start();
        bench.publish(new Happened(aggregate, 1));
        waiting().until(() -> !bench.bus.lanes(here.name()).held().isEmpty());

        events().sendAgain(recordsOf(aggregate));
        publishAndWaitUntilItHasCome(new Happened(aggregate, 2));
        assertThat(bench.owed(here)).extracting(Row::fence).containsExactly(1L, 0L);
        handling.tryEmitEmpty();
        waiting().until(() -> bench.owed(here).isEmpty());
        events().sendAgain(recordsOf(aggregate));
        publishAndWaitUntilItHasCome(new Happened(aggregate, 3));

        waiting().until(() -> bench.owed(here).isEmpty());
        assertThat(numbersOf(aggregate)).containsExactly(1, 2, 3);
        assertThat(sequencesOf(aggregate))
                .hasSizeGreaterThan(Set.copyOf(sequencesOf(aggregate)).size());
    }

    /** Its record travels as every other, and arrives at once. */
    @Test
    void leavesADelayedDeliveryToItsTime() {
        bench.start();
        bench.publish(new Happened(UUID.randomUUID(), 1));
        waiting().until(() -> here.handled.size() == 1);
        waiting().until(() -> bench.owed(here).isEmpty() && bench.owed(remote).isEmpty());

        bench.publish(new Happened(UUID.randomUUID(), 2));
        waiting().until(() -> here.handled.size() == 2);

        assertThat(bench.owed(timer)).hasSize(2).allSatisfy(owed -> assertThat(owed.nextAttemptAt())
                .isAfter(Instant.now().plus(Duration.ofMinutes(50))));
        assertThat(timer.handled.handled).isEmpty();
    }

    @Test
    void deliversWithoutKafkaWhatItHasKeptForTooLong() {
        KafkaBroker.cut();
        EventBench impatient = another(Duration.ofMillis(500));
        impatient.start();

        impatient.publish(new Happened(UUID.randomUUID(), 1));

        waiting().until(() -> here.handled.size() == 1);
    }

    @Test
    void bringsARecordThatNobodyCanReadToTheDeadLetterTopicAndTheOperatorsOnce() {
        bench.start();
        UUID aggregate = UUID.randomUUID();
        bench.publish(new Happened(aggregate, 1));
        waiting().until(() -> here.handled.size() == 1);

        String value = "not an event of " + kafka.topic();
        events().send(List.of(new ProducerRecord<>(kafka.topic(), null, bytes(value))));
        bench.publish(new Happened(aggregate, 2));

        waiting().until(() -> here.handled.size() == 2);
        ConsumerRecord<byte[], byte[]> letter = waiting()
                .until(() -> KafkaBroker.topic(kafka.deadLetterTopic()).read(), found -> !found.isEmpty())
                .get(0);
        assertThat(headersOf(letter)).containsEntry("ce_type", "kafka.unreadable.v1");
        JsonNode payload = JsonMapper.shared().readTree(letter.value());
        assertThat(payload.path("topic").asString()).isEqualTo(kafka.topic());
        assertThat(payload.path("value").binaryValue()).isEqualTo(bytes(value));
        waiting().untilAsserted(() -> assertThat(unreadable()).hasSize(1).allSatisfy(dead -> {
            assertThat(dead.path("lastError").asString()).isEqualTo("a record without a valid ce_id or ce_type");
            assertThat(dead.path("eventType").asString()).isEqualTo("kafka.unreadable.v1");
        }));
        assertThat(KafkaBroker.topic(kafka.deadLetterTopic()).read()).hasSize(1);
    }

    @Test
    void startsWithoutABrokerAndCatchesUpWhenThereIsOne() {
        UUID aggregate = UUID.randomUUID();
        KafkaBroker.cut();
        bench.start();

        IntStream.range(0, 5).forEach(number -> bench.publish(new Happened(aggregate, number)));
        assertThat(owedToTheRelay(aggregate)).isEqualTo(5);
        KafkaBroker.mend();

        waiting().until(() -> here.handled.size() == 5);
        assertThat(numbersOf(aggregate)).containsExactly(0, 1, 2, 3, 4);
        waiting().until(() -> owedToTheRelay(aggregate) == 0);
    }

    /** The way breaks off three times while events are published; nobody who publishes notices. */
    @Test
    void losesNothingAndKeepsTheOrderWhenTheBrokerIsCutOff() {
        List<UUID> aggregates = Stream.generate(UUID::randomUUID).limit(20).toList();
        bench.start();
        publishInTurn(aggregates, 1);
        waiting().until(() -> here.handled.size() == 20);

        for (int round = 1; round <= 3; round++) {
            publish(aggregates, 10 * round - 9, 5);
            KafkaBroker.cut();
            publish(aggregates, 10 * round - 4, 5);
            KafkaBroker.mend();
        }

        waiting().atMost(LONG).until(() -> here.handled.size() == 20 * 31);
        waiting().until(() -> aggregates.stream().noneMatch(aggregate -> owedToTheRelay(aggregate) > 0));
        assertThat(here.handled).doesNotHaveDuplicates();
        assertThat(aggregates).allSatisfy(aggregate -> {
            assertThat(numbersOf(aggregate)).containsExactlyElementsOf(numbers(0, 31));
            List<Integer> firstRecords =
                    sequencesOf(aggregate).stream().distinct().toList();
            assertThat(firstRecords).hasSizeGreaterThanOrEqualTo(31).isSorted();
        });
    }

    @Test
    void drainsABacklogInOrder() {
        List<UUID> aggregates = Stream.generate(UUID::randomUUID).limit(ORDERS).toList();
        EventBench loaded = another(Duration.ofMinutes(10));
        publishAtOnce(loaded, aggregates, BACKLOG / ORDERS);
        here.effect = event -> Mono.never();
        loaded.start();
        waiting().until(() -> owedToTheRelay() < BACKLOG);
        long begin = System.nanoTime();

        waiting().pollInterval(SELDOM).atMost(LONG).until(() -> owedToTheRelay() == 0);

        long millis = (System.nanoTime() - begin) / 1_000_000;
        log.info("{} events were relayed in {} ms, {} per second", BACKLOG, millis, BACKLOG * 1_000L / millis);
        Map<String, List<Integer>> sent = events().read().stream()
                .map(KafkaEventTransportTests::headersOf)
                .collect(Collectors.groupingBy(
                        headers -> headers.get("ce_subject"),
                        Collectors.mapping(
                                headers -> Integer.valueOf(headers.get("ce_sequence")), Collectors.toList())));
        assertThat(aggregates).allSatisfy(aggregate -> assertThat(new LinkedHashSet<>(sent.get(aggregate.toString())))
                .containsExactlyElementsOf(numbers(1, BACKLOG / ORDERS)));
    }

    /** A bench with one handler instead of the usual one, which this test does not start. */
    private EventBench another(Duration patience) {
        EventBench another = EventBench.over(
                EventBench.kafka(KafkaBroker.servers(), kafka.topic(), patience), database, tx, CAPACITY, TWICE, here);
        others.add(another);
        return another;
    }

    private void publish(List<UUID> aggregates, int first, int times) {
        numbers(first, times).forEach(number -> aggregates.forEach(each -> bench.publish(new Happened(each, number))));
    }

    private void publishAtOnce(EventBench loaded, List<UUID> aggregates, int times) {
        now(Flux.fromIterable(aggregates)
                .buffer(50)
                .flatMap(
                        some -> Flux.fromIterable(some)
                                .concatMap(each -> Flux.range(1, times)
                                        .concatMap(number -> loaded.publisher.publish(new Happened(each, number))))
                                .then()
                                .as(tx::transactional),
                        4)
                .then(Mono.just(true)));
    }

    private void publishAndWaitUntilItHasCome(Happened event) {
        bench.publish(event);
        waiting().until(() -> bench.owed(here).stream()
                .noneMatch(owed -> KafkaEventTransport.BROKERS.equals(owed.owner())));
    }

    private KafkaTopic events() {
        return KafkaBroker.topic(kafka.topic());
    }

    private List<ConsumerRecord<byte[], byte[]>> recordsOf(UUID aggregate) {
        byte[] key = bytes(aggregate.toString());
        return events().read().stream()
                .filter(found -> Arrays.equals(found.key(), key))
                .toList();
    }

    private List<Integer> sequencesOf(UUID aggregate) {
        return recordsOf(aggregate).stream()
                .map(found -> Integer.valueOf(headersOf(found).get("ce_sequence")))
                .toList();
    }

    private static Map<String, String> headersOf(ConsumerRecord<?, ?> found) {
        return Stream.of(found.headers().toArray())
                .collect(Collectors.toMap(Header::key, header -> new String(header.value(), StandardCharsets.UTF_8)));
    }

    private long owedToTheRelay(UUID aggregate) {
        return ledger.handlersOwed(aggregate).stream()
                .filter(KafkaRelay.HANDLER::equals)
                .count();
    }

    private long owedToTheRelay() {
        return ledger.count("SELECT COUNT(*) FROM delivery WHERE handler = :id", KafkaRelay.HANDLER);
    }

    private List<JsonNode> unreadable() {
        Reply reply = now(shop.get("/admin/deliveries?status=DEAD&handler=unreadable"));
        return reply.body().path("data").valueStream().toList();
    }

    private static List<Integer> numbers(int first, int count) {
        return IntStream.range(first, first + count).boxed().toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
