package dev.millrace.invariant;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.context.TestPropertySource;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** However small the slices are, everything is looked at, a bounded number of times. On the database of {@link InvariantTests}. */
@RunningService
@TestPropertySource(properties = {"millrace.faults.enabled=true", "millrace.invariants.interval=1d"})
class InvariantSliceTests {

    private static final String DEBITS = "debit-has-a-payment";
    private static final String PAIRS = "payment-has-one-debit";
    private static final String EXPORTS = "export-is-done-or-owed";
    private static final String RANKING = "ranking-is-what-was-confirmed";
    private static final Duration SETTLED = Duration.ofMinutes(10);
    private static final int PAYMENTS = 5;

    /** As every minute, without the rests. */
    private static final Pace GIVING_WAY = new Pace(0, 50, false);

    private final Shop shop;
    private final Ledger ledger;
    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final TransactionalOperator snapshots;
    private final Clock clock;
    private final Recorder recorder;
    private final List<String> mending = new ArrayList<>();
    private final List<String> debits = new ArrayList<>();
    private final List<String> payments = new ArrayList<>();
    private Watermark begin = Watermark.BEGINNING;

    InvariantSliceTests(
            Shop shop,
            Ledger ledger,
            DatabaseClient database,
            TransactionalOperator tx,
            @Qualifier("snapshots") TransactionalOperator snapshots,
            Clock clock) {
        this.shop = shop;
        this.ledger = ledger;
        this.database = database;
        this.tx = tx;
        this.snapshots = snapshots;
        this.clock = clock;
        this.recorder = new Recorder(database);
    }

    /** Notes which slices are looked at, and fails for those that are too large for it. */
    private static final class Recorder extends InvariantRepository {

        private final List<Step> steps = new ArrayList<>();
        private int largest = Integer.MAX_VALUE;

        private record Step(Invariant invariant, Slice slice) {}

        Recorder(DatabaseClient database) {
            super(database);
        }

        @Override
        Mono<Found> check(Invariant invariant, Slice slice) {
            return Mono.defer(() -> {
                steps.add(new Step(invariant, slice));
                return slice.most() > largest && invariant.name().equals(DEBITS)
                        ? Mono.error(new IllegalStateException("too much for one statement"))
                        : super.check(invariant, slice);
            });
        }

        Stream<Slice> slicesOf(String name) {
            return steps.stream()
                    .filter(step -> step.invariant().name().equals(name))
                    .map(Step::slice);
        }

        long looksAt(String name, String id) {
            Watermark moment = Watermark.of(UUID.fromString(id));
            return slicesOf(name)
                    .filter(slice ->
                            !slice.from().isAfter(moment) && slice.until().isAfter(moment))
                    .count();
        }
    }

    @BeforeEach
    void somePayments() {
        begin = new Watermark(clock.instant());
        long user = shop.aUserWith(10_000);
        for (int i = 0; i < PAYMENTS; i++) {
            UUID order = shop.anOrder(user, 1_000);
            now(shop.pay(order, user));
            await().until(() -> ledger.deliveriesOf(order) == 0);
        }
        debits.addAll(
                column("SELECT id FROM balance_entry WHERE user_id = %d AND sequence > 1 ORDER BY sequence", user));
        payments.addAll(column(
                "SELECT reference FROM balance_entry WHERE user_id = %d AND sequence > 1 ORDER BY sequence", user));
        looksFromTheirBeginning();
    }

    @AfterEach
    void mend() {
        mending.forEach(this::execute);
        execute("DELETE FROM invariant_watermark");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100})
    void findsWhatIsWrongInAnySlice(int rows) {
        for (String debit : debits) {
            looksFromTheirBeginning();
            breakDebit(debit);

            CheckResult found = check(DEBITS, books(SETTLED, rows));

            assertThat(found.violations()).isEqualTo(1);
            assertThat(found.sample()).containsExactly(debit);
            mendAll();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100})
    void takesNoPairOverABoundaryForBroken(int rows) {
        moveDebit(1, Duration.ofSeconds(-1));
        moveDebit(2, Duration.ofSeconds(1));
        moveDebit(3, Duration.ofMinutes(-1));
        looksFromTheirBeginning();

        InvariantReport report = now(books(SETTLED, rows).checkAll(Pace.AT_ONCE));

        assertThat(report.ok()).as("%s", report).isTrue();
    }

    @Test
    void findsTheSecondDebitOfAPaymentHoweverLateItIs() {
        String late = moveDebit(4, Duration.ofSeconds(50));
        execute("UPDATE balance_entry SET reference = '%s' WHERE id = '%s'".formatted(payments.get(0), late));
        mending.add(0, "UPDATE balance_entry SET reference = '%s' WHERE id = '%s'".formatted(payments.get(4), late));

        CheckResult found = check(PAIRS, books(SETTLED, 1));

        assertThat(found.sample()).containsExactlyInAnyOrder(payments.get(0), payments.get(4));
    }

    @Test
    void leavesItsMarkBeforeWhatIsWrongAndLooksAtAllThatFollows() {
        InvariantService books = books(SETTLED, 1);
        breakDebit(debits.get(1));
        breakDebit(debits.get(3));

        assertThat(check(DEBITS, books).sample()).containsExactly(debits.get(1), debits.get(3));
        assertThat(mark(DEBITS)).isEqualTo(momentOf(debits.get(1)));
        assertThat(mark("entry-continues-the-one-before").isAfter(momentOf(debits.get(4))))
                .isTrue();

        recorder.steps.clear();
        assertThat(check(DEBITS, books).violations()).isEqualTo(2);
        assertThat(recorder.looksAt(DEBITS, debits.get(1))).isEqualTo(1);
        assertThat(recorder.looksAt(DEBITS, debits.get(2))).isZero();

        execute(mending.remove(0));
        assertThat(check(DEBITS, books).sample()).containsExactly(debits.get(3));
        assertThat(mark(DEBITS)).isEqualTo(momentOf(debits.get(3)));

        mendAll();
        assertThat(check(DEBITS, books).ok()).isTrue();
        assertThat(mark(DEBITS).isAfter(momentOf(debits.get(4)))).isTrue();
    }

    /** What another process has left behind as wrong is found by the next one. */
    @Test
    void beginsWhereTheMarkIsAfterARestart() {
        breakDebit(debits.get(1));
        check(DEBITS, books(SETTLED, 1));

        CheckResult found = check(DEBITS, books(SETTLED, 1));

        assertThat(found.sample()).containsExactly(debits.get(1));
    }

    @Test
    void catchesUpRoundByRound() {
        InvariantService books = books(SETTLED, 1);
        breakDebit(debits.get(4));

        assertThat(check(DEBITS, books, fewSlices()).ok()).isTrue();
        Watermark afterOne = mark(DEBITS);
        assertThat(afterOne.isAfter(begin)).isTrue();
        assertThat(afterOne.isAfter(momentOf(debits.get(4)))).isFalse();

        assertThat(IntStream.range(0, PAYMENTS)
                        .mapToObj(round -> check(DEBITS, books, fewSlices()))
                        .anyMatch(result -> !result.ok()))
                .isTrue();
    }

    @Test
    void looksOnceAtWhatIsSettledAndTwiceAtWhatMayBeOwed() {
        String request = column(
                        "SELECT id FROM event WHERE aggregate_id = (SELECT order_id FROM payment WHERE id = '%s') "
                                + "AND type = 'order.export-requested.v1'",
                        payments.get(2))
                .get(0);
        for (Duration later : List.of(
                SETTLED,
                SETTLED.plusMinutes(1),
                Duration.ofHours(5),
                Duration.ofHours(6),
                Duration.ofHours(25),
                Duration.ofHours(26))) {
            assertThat(now(books(later, 2).checkAll(GIVING_WAY)).ok()).isTrue();
        }

        assertThat(recorder.looksAt(DEBITS, debits.get(2))).isEqualTo(1);
        assertThat(recorder.looksAt(EXPORTS, request)).isEqualTo(2);
        assertThat(recorder.looksAt(RANKING, request)).isEqualTo(1);
    }

    @Test
    void findsAnExportThatWasLostWhileItWasOwed() {
        String type = "UPDATE event SET type = '%s' WHERE type = '%s' AND aggregate_id = "
                + "(SELECT order_id FROM payment WHERE id = '" + payments.get(2) + "')";
        assertThat(check(EXPORTS, books(SETTLED, 2)).ok()).isTrue();
        execute(type.formatted("lost", "order.exported.v1"));
        mending.add(type.formatted("order.exported.v1", "lost"));

        assertThat(check(EXPORTS, books(SETTLED.plusMinutes(1), 2)).ok()).isTrue();
        assertThat(check(EXPORTS, books(Duration.ofHours(25), 2)).violations()).isEqualTo(1);
    }

    @Test
    void looksAtWhatIsYoungUnlessThatIsMuchAndItIsToGiveWay() {
        breakDebit(debits.get(4));

        assertThat(check(DEBITS, books(Duration.ZERO, 1), Pace.AT_ONCE).ok()).isFalse();
        assertThat(check(DEBITS, books(Duration.ZERO, 100), GIVING_WAY).ok()).isFalse();
        assertThat(check(DEBITS, books(Duration.ZERO, 1), GIVING_WAY).ok()).isTrue();
        assertThat(mark(DEBITS).isAfter(momentOf(debits.get(4)))).isFalse();
    }

    @Test
    void takesLessAfterASliceThatFailed() {
        recorder.largest = 250;
        breakDebit(debits.get(3));

        CheckResult found = check(DEBITS, books(SETTLED, 4_000));

        assertThat(found.sample()).containsExactly(debits.get(3));
        assertThat(recorder.slicesOf(DEBITS).map(Slice::most)).startsWith(4_000, 1_000, 250);
    }

    private static Pace fewSlices() {
        return new Pace(0, 3, false);
    }

    /** As they look at a later time, by when what is there now has settled. */
    private InvariantService books(Duration later, int rows) {
        InvariantProperties properties = new InvariantProperties(Duration.ofDays(1), rows);
        return new InvariantService(
                recorder, tx, snapshots, Clock.offset(clock, later), properties, Duration.ofMinutes(30));
    }

    private static CheckResult check(String name, InvariantService books) {
        return check(name, books, Pace.AT_ONCE);
    }

    private static CheckResult check(String name, InvariantService books, Pace pace) {
        return now(books.checkAll(pace)).checks().stream()
                .filter(check -> check.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void looksFromTheirBeginning() {
        execute("DELETE FROM invariant_watermark");
        for (Invariant invariant : Invariants.all(Duration.ofMinutes(30))) {
            execute("INSERT INTO invariant_watermark (name, mark) VALUES ('%s', '%s')"
                    .formatted(invariant.mark(), begin.moment()));
        }
    }

    private void breakDebit(String id) {
        String reference = column("SELECT reference FROM balance_entry WHERE id = '%s'", id)
                .get(0);
        execute("UPDATE balance_entry SET reference = NULL WHERE id = '%s'".formatted(id));
        mending.add("UPDATE balance_entry SET reference = '%s' WHERE id = '%s'".formatted(reference, id));
    }

    /** Draws its id so much later than its payment's. */
    private String moveDebit(int number, Duration later) {
        UUID payment = UUID.fromString(payments.get(number));
        String id = new UUID(payment.getMostSignificantBits() + (later.toMillis() << 16), number).toString();
        String move = "UPDATE balance_entry SET id = '%s' WHERE id = '%s'";
        execute(move.formatted(id, debits.get(number)));
        mending.add(0, move.formatted(debits.get(number), id));
        return id;
    }

    private void mendAll() {
        mending.forEach(this::execute);
        mending.clear();
    }

    private Watermark mark(String name) {
        return now(recorder.findWatermark(name));
    }

    private static Watermark momentOf(String id) {
        return Watermark.of(UUID.fromString(id));
    }

    private List<String> column(String sql, Object value) {
        return now(database.sql(sql.formatted(value))
                .map(row -> Objects.requireNonNull(row.get(0)).toString())
                .all()
                .collectList());
    }

    private void execute(String sql) {
        database.sql(sql).then().block(Duration.ofSeconds(5));
    }
}
