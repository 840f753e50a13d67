package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.DataDirectory;
import dev.millrace.harness.KafkaTopic;
import dev.millrace.harness.Postgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import lombok.extern.slf4j.Slf4j;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The broker is killed under load: who pays does not notice, and afterwards everything takes its way, once and in order. */
@Slf4j
class KafkaOutageIT {

    private static final int SECONDS = Integer.getInteger("millrace.kafka.outage", 4);
    private static final int CUSTOMERS = 16;
    private static final int A_SECOND = Integer.getInteger("millrace.kafka.load", 50);
    private static final Duration DRAINED = Duration.ofMinutes(15);

    /** Looking costs the database something too. */
    private static final Duration SELDOM = Duration.ofMillis(500);

    private static final int EVENTS_OF_A_PAYMENT = 4;
    private static final Pattern COLLECTION = Pattern.compile("\\[gc].*Pause.*->(\\d+)M\\(");

    /** Megabytes, half of what there is: where G1 begins to look for garbage among what is old. */
    private static final int FLAT = 256;

    private final Customers customers = new Customers();
    private final Queue<Duration> times = new ConcurrentLinkedQueue<>();
    private final Queue<IOException> refusals = new ConcurrentLinkedQueue<>();
    private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(CUSTOMERS);
    private final Postgres.Database database = Postgres.freshDatabase();

    private FragileKafka kafka;
    private RunningJar service;
    private Api api;

    @BeforeEach
    void start() throws IOException {
        Path data = DataDirectory.create();
        kafka = FragileKafka.in(data);
        service = RunningJar.startToMeasure(Storage.on(database), kafka.arguments());
        api = new Api(service.address());
        customers.putProductsOnSale(api);
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
        service.close();
        kafka.close();
    }

    @Test
    void takesEveryPaymentWhileTheBrokerIsGoneAndThenCatchesUp() throws Exception {
        letCustomersIn();
        watch("warming up");
        watch("before");
        kafka.kill();
        watch("without a broker");
        assertThat(database.count("SELECT COUNT(*) FROM delivery WHERE handler = 'relay'"))
                .isGreaterThanOrEqualTo(SECONDS * A_SECOND);
        kafka.restart();
        watch("after it");
        sendCustomersHome();

        awaitNothingOwed();

        assertThat(refusals).isEmpty();
        assertThat(customers.unexpected()).isEmpty();
        assertThat(everyEventInItsOrder()).isEqualTo(database.count("SELECT COUNT(*) FROM event"));
        everythingIsThereOnce();
        sendEveryRecordAgain();
        everythingIsThereOnce();
    }

    @Test
    @EnabledIfSystemProperty(
            named = "millrace.kafka.backlog",
            matches = "\\d+",
            disabledReason = "takes minutes; run with -Dmillrace.kafka.backlog=100000")
    void drainsALongBacklogInLittleMemory() throws Exception {
        kafka.kill();
        long orders = database.count(PaidOrders.waitingForKafka(Integer.getInteger("millrace.kafka.backlog")));
        kafka.restart();
        long begin = System.nanoTime();

        awaitNone(
                "SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE handler = 'relay' AND sequence = 1 LIMIT 1) found");
        double sent = secondsSince(begin);
        awaitNone("SELECT COUNT(*) FROM (SELECT 1 FROM delivery LIMIT 1) found");
        double done = secondsSince(begin);

        log.info(
                "{} events sent in {} s, {} a second; all {} events that followed in {} s, {} a second",
                orders,
                sent,
                orders / sent,
                EVENTS_OF_A_PAYMENT * orders,
                done,
                EVENTS_OF_A_PAYMENT * orders / done);
        List<Integer> heap = megabytesAfterCollections();
        log.info("In use after {} collections of a heap of 512 MB: {} MB at most", heap.size(), Collections.max(heap));
        assertThat(heap).allMatch(megabytes -> megabytes <= FLAT);
        assertThat(everyEventInItsOrder()).isEqualTo(EVENTS_OF_A_PAYMENT * orders);
        assertThat(database.count("SELECT COUNT(*) FROM event")).isEqualTo(EVENTS_OF_A_PAYMENT * orders);
        assertThat(database.count("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'"))
                .isEqualTo(orders);
        assertThat(database.count("SELECT SUM(quantity) FROM product_sales")).isEqualTo(orders);
        assertThat(service.log().stream().filter(line -> line.contains("Exported order")))
                .hasSize((int) orders);
        new Audit(api, Map.of()).findsNoInvariantViolated();
    }

    private List<Integer> megabytesAfterCollections() {
        return service.log().stream()
                .map(COLLECTION::matcher)
                .filter(Matcher::find)
                .map(found -> Integer.valueOf(found.group(1)))
                .toList();
    }

    private static double secondsSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1e9;
    }

    /** At a pace that does not depend on the answers, unless they take long. */
    private void letCustomersIn() {
        long pause = TimeUnit.SECONDS.toMicros(CUSTOMERS) / A_SECOND;
        IntStream.rangeClosed(1, CUSTOMERS)
                .forEach(user -> threads.scheduleAtFixedRate(
                        () -> buy(user), pause * user / CUSTOMERS, pause, TimeUnit.MICROSECONDS));
    }

    private void buy(long user) {
        try {
            MoneyRequest payment = customers.prepareOrder(api, user);
            long begin = System.nanoTime();
            customers.send(api, payment);
            times.add(Duration.ofNanos(System.nanoTime() - begin));
        } catch (IOException refused) {
            refusals.add(refused);
        }
    }

    private void sendCustomersHome() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Lets them pay for a while, and says how long they waited. */
    private void watch(String phase) {
        times.clear();
        int payments = SECONDS * A_SECOND;
        await().atMost(Duration.ofSeconds(20 + 2 * SECONDS))
                .until(() -> times.size() >= payments || !refusals.isEmpty());
        assertThat(refusals).as(phase).isEmpty();
        List<Long> sorted = times.stream().map(Duration::toMillis).sorted().toList();
        log.info(
                "{}: {} payments, p50 {} ms, p99 {} ms, the longest {} ms",
                phase,
                sorted.size(),
                sorted.get(sorted.size() / 2),
                sorted.get(sorted.size() * 99 / 100),
                sorted.get(sorted.size() - 1));
    }

    private void awaitNothingOwed() {
        awaitNone("SELECT COUNT(*) FROM delivery");
    }

    private void awaitNone(String sql) {
        await().atMost(DRAINED).pollInterval(SELDOM).until(() -> database.count(sql) == 0);
    }

    /** Of each order the first records of its events stand in their order, without a gap; says how many events there are. */
    private long everyEventInItsOrder() {
        Map<String, Integer> last = new HashMap<>();
        AtomicInteger records = new AtomicInteger();
        kafka.events().forEach(found -> {
            String order = header(found, "ce_subject");
            int sequence = Integer.parseInt(header(found, "ce_sequence"));
            int before = last.getOrDefault(order, 0);
            assertThat(sequence).as("after %d of %s", before, order).isLessThanOrEqualTo(before + 1);
            last.put(order, Math.max(before, sequence));
            records.incrementAndGet();
        });
        long events = last.values().stream().mapToLong(Integer::longValue).sum();
        log.info("{} records of {} events", records, events);
        return events;
    }

    private void everythingIsThereOnce() throws IOException {
        long payments = customers.answered().keySet().stream()
                .filter(request -> request.sale().isPresent())
                .count();
        assertThat(database.count("SELECT COUNT(*) FROM payment")).isEqualTo(payments);
        assertThat(database.count("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'"))
                .isEqualTo(payments);
        assertThat(database.count("SELECT COUNT(*) FROM event")).isEqualTo(EVENTS_OF_A_PAYMENT * payments);
        Audit audit = new Audit(api, customers.answered());
        audit.findsEveryPaidOrderExportedOnce(List.of(service));
        audit.findsEverySaleCountedOnce();
        audit.findsEveryBalanceExplained();
        audit.findsNoInvariantViolated();
    }

    private void sendEveryRecordAgain() {
        KafkaTopic events = kafka.events();
        events.sendAgain(events.read());
        for (String handler : List.of("confirm", "ranking", "export")) {
            await().atMost(DRAINED).until(() -> events.isReadBy("millrace." + handler));
        }
        awaitNothingOwed();
    }

    private static String header(ConsumerRecord<?, ?> found, String name) {
        return new String(found.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
