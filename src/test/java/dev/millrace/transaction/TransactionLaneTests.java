package dev.millrace.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.shared.Overloaded;
import dev.millrace.transaction.Commit.Outcome;
import dev.millrace.transaction.DeferredChange.Part;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.transaction.TransactionSystemException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Who waits together is committed together, and is told what became of it and not of the others. */
class TransactionLaneTests {

    private static final TransactionProperties PROPERTIES =
            new TransactionProperties(1, 1_000, 7, Duration.ofSeconds(30), 8, 12, Duration.ofSeconds(5));

    private final AtomicInteger commits = new AtomicInteger();
    private final Sinks.Empty<Void> gate = Sinks.empty();
    private final Queue<String> done = new ConcurrentLinkedQueue<>();
    private volatile Mono<Void> commit = Mono.empty();
    private volatile Mono<Void> joint = Mono.empty();
    private volatile Mono<Void> beginning = Mono.empty();

    private final Transactions transactions = new Transactions() {
        @Override
        public <T> Mono<T> transactional(Mono<T> work) {
            return work.materialize()
                    .delayUntil(result -> result.isOnError() ? Mono.empty() : countedCommit())
                    .<T>dematerialize();
        }

        @Override
        public <T> Mono<T> once(Mono<T> work) {
            return Mono.deferContextual(context -> {
                context.get(Beginning.class).isToldBy(beginning);
                return transactional(work);
            });
        }
    };

    private final RememberedOutcomes outcomes = new RememberedOutcomes();

    private final TransactionLane lane =
            new TransactionLane("test", transactions, PROPERTIES, this::makeTogether, outcomes, Rest.NONE);

    private final TransactionLane crowded = new TransactionLane(
            "test",
            transactions,
            new TransactionProperties(1, 1_000, 7, Duration.ofSeconds(30), 256, 2_000, Duration.ofSeconds(5)),
            this::makeTogether,
            outcomes,
            Rest.NONE);

    private Mono<Void> countedCommit() {
        commits.incrementAndGet();
        return Mono.defer(() -> commit);
    }

    @Test
    void commitsTogetherWhatCameWhileAnotherWasUnderWay() {
        CompletableFuture<String> first = holdTheLane();
        List<CompletableFuture<String>> others =
                IntStream.range(0, 5).mapToObj(i -> join(i, step("" + i))).toList();
        gate.tryEmitEmpty();

        assertThat(first.join()).isEqualTo("held");
        assertThat(others).map(CompletableFuture::join).containsExactly("0", "1", "2", "3", "4");
        assertThat(commits).hasValue(2);
    }

    @Test
    void hasNobodyWaitWhoComesAlone() {
        assertThat(join(1, step("alone")).join()).isEqualTo("alone");
        assertThat(commits).hasValue(1);
    }

    /** The burst keeps the only thread, as a busy one is kept by whoever brings many. */
    @Test
    void takesTheFirstOfABurstWithTheOthers() {
        VirtualTimeScheduler onlyThread = VirtualTimeScheduler.getOrSet();
        List<CompletableFuture<String>> burst = new CopyOnWriteArrayList<>();

        onlyThread.schedule(() -> IntStream.range(0, 5).forEach(i -> burst.add(join(i, step("" + i)))));
        VirtualTimeScheduler.reset();
        await().until(() -> burst.size() == 5);

        assertThat(burst).map(CompletableFuture::join).containsExactly("0", "1", "2", "3", "4");
        assertThat(commits).hasValue(1);
    }

    @Test
    void takesNoMoreAtOnceThanItMay() {
        CompletableFuture<String> first = holdTheLane();
        List<CompletableFuture<String>> others =
                IntStream.range(0, 11).mapToObj(i -> join(i, step("" + i))).toList();
        gate.tryEmitEmpty();

        assertThat(first.join()).isEqualTo("held");
        assertThat(others).map(CompletableFuture::join).hasSize(11);
        assertThat(commits).hasValue(3);
    }

    @Test
    void refusesWhoeverFindsItFull() {
        CompletableFuture<String> first = holdTheLane();
        IntStream.range(0, 11).forEach(i -> join(i, step("" + i)));

        assertThat(join(99, step("late")))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .withCauseInstanceOf(Overloaded.class);
        gate.tryEmitEmpty();
        assertThat(first.join()).isEqualTo("held");
    }

    @Test
    void keepsThoseAboutTheSameApartAndInOrder() {
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join("same", step("one"));
        CompletableFuture<String> two = join("same", step("two"));
        CompletableFuture<String> other = join("other", step("other"));
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two, other)).map(CompletableFuture::join).hasSize(4);
        assertThat(done).containsExactly("one", "other", "two");
        assertThat(commits).hasValue(3);
    }

    @Test
    void letsWhoHasChangedNothingFailAlone() {
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> good = join(1, step("good"));
        CompletableFuture<String> bad = join(2, Mono.error(new IllegalStateException("no")));
        CompletableFuture<String> late = join(3, read("late"));
        gate.tryEmitEmpty();

        assertThat(List.of(first, good, late)).map(CompletableFuture::join).containsExactly("held", "good", "late");
        assertThatItFails(bad, "no");
        assertThat(commits).hasValue(2);
        assertThat(done).containsExactly("good", "late");
    }

    @Test
    void doesEachAgainIfOneFailsAfterAChange() {
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> good = join(1, step("good"));
        CompletableFuture<String> bad = join(2, step("bad").then(Mono.error(new IllegalStateException("no"))));
        CompletableFuture<String> refused = join(3, Mono.error(new IllegalStateException("refused")));
        gate.tryEmitEmpty();

        assertThat(List.of(first, good)).map(CompletableFuture::join).containsExactly("held", "good");
        assertThatItFails(bad, "no");
        assertThatItFails(refused, "refused");
        assertThat(done).containsExactly("good", "bad", "good", "bad", "bad");
        assertThat(commits).hasValue(2);
    }

    @Test
    void doesTheOthersAgainTogetherIfOneIsToBlame() {
        CompletableFuture<String> first = holdTheLane();
        List<CompletableFuture<String>> good =
                IntStream.range(0, 7).mapToObj(i -> join(i, step("" + i))).toList();
        CompletableFuture<String> bad = join(7, step("bad").then(Mono.error(new IllegalStateException("no"))));
        gate.tryEmitEmpty();

        assertThat(first.join()).isEqualTo("held");
        assertThat(good).map(CompletableFuture::join).containsExactly("0", "1", "2", "3", "4", "5", "6");
        assertThatItFails(bad, "no");
        assertThat(commits).as("one alone, four, two, one").hasValue(4);
    }

    @Test
    void doesEachAgainIfTheirStatementLosesALock() {
        CompletableFuture<String> first = holdTheLane();
        JointStatement<String, String> contended = JointStatement.change((String name) -> Mono.just(name))
                .together(names -> Mono.error(new PessimisticLockingFailureException("deadlock")));
        CompletableFuture<String> one = join(1, contended.ask("one"));
        CompletableFuture<String> two = join(2, contended.ask("two"));
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two)).map(CompletableFuture::join).containsExactly("held", "one", "two");
        assertThat(commits).hasValue(3);
    }

    @Test
    void triesNobodyAloneIfTheDatabaseIsGone() {
        CompletableFuture<String> first = holdTheLane();
        AtomicInteger tried = new AtomicInteger();
        JointStatement<String, String> broken = JointStatement.change(
                        (String name) -> Mono.fromSupplier(() -> name + tried.incrementAndGet()))
                .together(names -> Mono.error(new DataAccessResourceFailureException("gone")));
        CompletableFuture<String> one = join(1, broken.ask("one"));
        CompletableFuture<String> two = join(2, broken.ask("two"));
        gate.tryEmitEmpty();

        assertThat(first.join()).isEqualTo("held");
        assertThat(List.of(one, two)).allSatisfy(told -> assertThatItFails(told, "gone"));
        assertThat(tried).hasValue(0);
    }

    @Test
    void doesNothingAgainIfNobodyKnowsOfTheCommit() {
        outcomes.willSay(Outcome.UNKNOWN);
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, step("one"));
        CompletableFuture<String> two = join(2, step("two"));
        commit = Mono.error(new TransactionSystemException("who knows"));
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two)).allSatisfy(told -> assertThatItFails(told, "who knows"));
        assertThat(done).containsExactly("one", "two");
    }

    @Test
    void tellsWhatEachHasIfALostCommitHasHappened() {
        outcomes.willSay(Outcome.COMMITTED);
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, step("one"));
        CompletableFuture<String> refused = join(2, Mono.error(new IllegalStateException("refused")));
        CompletableFuture<String> two = join(3, step("two"));
        loseTheSecondCommit();
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two)).map(CompletableFuture::join).containsExactly("held", "one", "two");
        assertThatItFails(refused, "refused");
        assertThat(done).containsExactly("one", "two");
        assertThat(commits).hasValue(2);
    }

    @Test
    void doesEachAgainIfALostCommitHasNotHappened() {
        outcomes.willSay(Outcome.ABORTED);
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, step("one"));
        CompletableFuture<String> two = join(2, step("two"));
        loseTheSecondCommit();
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two)).map(CompletableFuture::join).containsExactly("held", "one", "two");
        assertThat(done).containsExactly("one", "two", "one", "two");
        assertThat(commits).hasValue(4);
    }

    @Test
    void asksUntilALostCommitIsOver() {
        outcomes.isUnderWay().isOutOfReach().willSay(Outcome.COMMITTED);
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, step("one"));
        CompletableFuture<String> two = join(2, step("two"));
        loseTheSecondCommit();
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two)).map(CompletableFuture::join).containsExactly("held", "one", "two");
        assertThat(done).containsExactly("one", "two");
        assertThat(outcomes.asked()).isEqualTo(3);
    }

    @Test
    void hasNoDoubtAboutWhatFailsBeforeTheCommit() {
        outcomes.willSay(Outcome.COMMITTED);
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, step("one"));
        CompletableFuture<String> two = join(2, step("two").then(Mono.error(new IllegalStateException("no"))));
        gate.tryEmitEmpty();

        assertThat(List.of(first, one)).map(CompletableFuture::join).containsExactly("held", "one");
        assertThatItFails(two, "no");
        assertThat(outcomes.asked()).isZero();
    }

    @Test
    void knowsNothingOfACommitThatHasNoMark() {
        outcomes.willSay(Outcome.COMMITTED).willNotMark(new IllegalStateException("no mark"));
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, step("one"));
        CompletableFuture<String> two = join(2, step("two"));
        loseTheSecondCommit();
        gate.tryEmitEmpty();

        assertThat(first.join()).isEqualTo("held");
        assertThat(List.of(one, two)).allSatisfy(told -> assertThatItFails(told, "who knows"));
        assertThat(outcomes.asked()).isZero();
    }

    @Test
    void makesInTheEndAndAtOnceWhatAllHaveDeferred() {
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, deferred("one").then(read("asked by one")));
        CompletableFuture<String> two = join(2, step("two").flatMap(asked -> deferred("two")));
        CompletableFuture<String> three = join(3, deferred("three"));
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two, three)).map(CompletableFuture::join).hasSize(4);
        assertThat(done).containsExactly("together [one, three]", "asked by one", "two", "two");
        assertThat(commits).hasValue(2);
    }

    @Test
    void readsButChangesNothingBeforeTheTransactionHasBegun() {
        Sinks.Empty<Void> begun = Sinks.empty();
        CompletableFuture<String> first = holdTheLane();
        beginning = begun.asMono();
        CompletableFuture<String> one = join(1, read("asked by one").then(step("one")));
        CompletableFuture<String> two = join(2, read("asked by two").then(deferred("two")));
        CompletableFuture<String> three = join(3, read("asked by three").then(deferred("three")));
        gate.tryEmitEmpty();

        await().until(() -> done.size() == 3);
        assertThat(done).containsExactlyInAnyOrder("asked by one", "asked by two", "asked by three");
        begun.tryEmitEmpty();

        assertThat(List.of(first, one, two, three)).map(CompletableFuture::join).hasSize(4);
        assertThat(done).hasSize(5).contains("one", "together [two, three]");
    }

    @Test
    void asksForNoChangeBeforeTheTransactionHasBegun() {
        assertThatItWaitsForTheBeginning(this::step);
    }

    @Test
    void takesNoTurnBeforeTheTransactionHasBegun() {
        assertThatItWaitsForTheBeginning(this::turn);
    }

    @Test
    void makesNothingDeferredBeforeTheTransactionHasBegun() {
        assertThatItWaitsForTheBeginning(this::deferred);
    }

    private void assertThatItWaitsForTheBeginning(Function<String, Mono<String>> work) {
        Sinks.Empty<Void> begun = Sinks.empty();
        CountDownLatch asking = new CountDownLatch(1);
        CompletableFuture<String> first = holdTheLane();
        beginning = begun.asMono();
        CompletableFuture<String> one = join(1, work.apply("one"));
        CompletableFuture<String> two =
                join(2, Mono.fromRunnable(asking::countDown).then(work.apply("two")));
        gate.tryEmitEmpty();

        await().until(() -> asking.getCount() == 0);
        await().during(Duration.ofMillis(50)).until(done::isEmpty);
        begun.tryEmitEmpty();

        assertThat(List.of(first, one, two)).map(CompletableFuture::join).hasSize(3);
        assertThat(done).isNotEmpty();
    }

    @Test
    void changesNothingAndDoesNotCommitIfTheTransactionHasNotBegun() {
        CompletableFuture<String> first = holdTheLane();
        beginning = Mono.error(new IllegalStateException("no BEGIN"));
        CompletableFuture<String> reading = join(1, read("read"));
        CompletableFuture<String> one = join(2, step("one"));
        CompletableFuture<String> two = join(3, turn("two"));
        CompletableFuture<String> three = join(4, deferred("three"));
        gate.tryEmitEmpty();

        assertThat(first).succeedsWithin(Duration.ofSeconds(5));
        assertThat(List.of(reading, one, two, three)).allSatisfy(told -> assertThatItFails(told, "not begun"));
        assertThat(done).isEmpty();
        assertThat(commits).hasValue(1);
    }

    @Test
    void doesNotCommitWhatWasOnlyReadIfTheTransactionHasNotBegun() {
        CompletableFuture<String> first = holdTheLane();
        beginning = Mono.error(new IllegalStateException("no BEGIN"));
        List<CompletableFuture<String>> reading = List.of(join(1, read("one")), join(2, read("two")));
        gate.tryEmitEmpty();

        assertThat(first).succeedsWithin(Duration.ofSeconds(5));
        assertThat(reading).allSatisfy(told -> assertThatItFails(told, "not begun"));
        assertThat(commits).hasValue(1);
    }

    @Test
    void changesNothingOnceItHasGivenUpWaitingForTheBeginning() {
        TransactionLane impatient = new TransactionLane(
                "test",
                transactions,
                new TransactionProperties(1, 1_000, 7, Duration.ofSeconds(30), 8, 12, Duration.ofMillis(50)),
                this::makeTogether,
                outcomes,
                Rest.NONE);
        Sinks.Empty<Void> begun = Sinks.empty();
        hold(impatient);
        beginning = begun.asMono();
        List<CompletableFuture<String>> all = Stream.of(step("one"), turn("two"), deferred("three"))
                .map(work -> impatient.join(Lane.ofAny("test"), work).toFuture())
                .toList();
        gate.tryEmitEmpty();

        assertThat(all).allSatisfy(told -> assertThatItFails(told, "too long"));
        begun.tryEmitEmpty();
        assertThat(impatient.join(Lane.ofAny("test"), read("next")).block(Duration.ofSeconds(5)))
                .isEqualTo("next");
        assertThat(done).containsExactly("next");
    }

    @Test
    void doesNotMakeWhatOneHasDeferredWhoFails() {
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> bad = join(1, deferred("bad").then(Mono.error(new IllegalStateException("no"))));
        CompletableFuture<String> good = join(2, deferred("good"));
        CompletableFuture<String> better = join(3, deferred("better"));
        gate.tryEmitEmpty();

        assertThat(List.of(first, good, better)).map(CompletableFuture::join).hasSize(3);
        assertThatItFails(bad, "no");
        assertThat(done).containsExactly("together [good, better]");
        assertThat(commits).hasValue(2);
    }

    @Test
    void doesEachAgainIfWhatIsDeferredFails() {
        CompletableFuture<String> first = holdTheLane();
        CompletableFuture<String> one = join(1, deferred("one"));
        CompletableFuture<String> bad = join(2, deferred("bad"));
        CompletableFuture<String> two = join(3, deferred("two"));
        joint = Mono.error(new DeferredChange.NotAllChanged("test", 2L, 3));
        gate.tryEmitEmpty();

        assertThat(List.of(first, one, two)).map(CompletableFuture::join).containsExactly("held", "one", "two");
        assertThatItFails(bad, "not to be made");
        assertThat(done).containsExactly("together [one, bad, two]", "one", "together [bad, two]", "two");
        assertThat(commits).hasValue(3);
    }

    @Test
    void hasNobodyPayForTheQuestionWhoComesAlone() {
        assertThat(join(1, step("alone")).join()).isEqualTo("alone");
        assertThat(outcomes.marked()).isZero();
    }

    @Test
    void endsAWaitThatHasNoEnd() {
        TransactionLane impatient = new TransactionLane(
                "test",
                transactions,
                new TransactionProperties(1, 1_000, 7, Duration.ofSeconds(30), 8, 12, Duration.ofMillis(50)),
                this::makeTogether,
                outcomes,
                Rest.NONE);
        CompletableFuture<String> stuck =
                impatient.join(Lane.of("test", 1), Mono.<String>never()).toFuture();
        List<CompletableFuture<String>> both = List.of(
                impatient.join(Lane.of("test", 2), Mono.<String>never()).toFuture(),
                impatient.join(Lane.of("test", 3), step("with it")).toFuture());

        assertThatItFails(stuck, "too long");
        assertThat(both).allSatisfy(told -> assertThatItFails(told, "too long"));
        assertThat(impatient.join(Lane.of("test", 4), step("next")).block(Duration.ofSeconds(5)))
                .isEqualTo("next");
    }

    @Test
    void losesNobodyHoweverManyComeAtOnce() {
        long answered = Flux.range(0, 20_000)
                .parallel(4)
                .runOn(Schedulers.parallel())
                .flatMap(i -> crowded.join(Lane.of("test", i), step("x")), false, 64)
                .sequential()
                .count()
                .block(Duration.ofSeconds(30));

        assertThat(answered).isEqualTo(20_000);
        assertThat(done).hasSize(20_000);
    }

    @Test
    void goesOnAfterAFailure() {
        commit = Mono.error(new TransactionSystemException("who knows"));
        assertThat(join(1, step("one"))).failsWithin(Duration.ofSeconds(5));
        commit = Mono.empty();
        assertThat(join(2, step("two")).join()).isEqualTo("two");
    }

    private CompletableFuture<String> holdTheLane() {
        return hold(lane);
    }

    private CompletableFuture<String> hold(TransactionLane held) {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<String> holder = held.join(
                        Lane.of("test", "holder"),
                        gate.asMono().doFirst(begun::countDown).thenReturn("held"))
                .toFuture();
        await().until(() -> begun.getCount() == 0);
        return holder;
    }

    /** The first one is the holder's. */
    private void loseTheSecondCommit() {
        commit = Mono.defer(
                () -> commits.get() == 2 ? Mono.error(new TransactionSystemException("who knows")) : Mono.empty());
    }

    private CompletableFuture<String> join(Object subject, Mono<String> work) {
        return lane.join(Lane.of("test", subject), work).toFuture();
    }

    private static void assertThatItFails(CompletableFuture<String> told, String message) {
        assertThat(told).failsWithin(Duration.ofSeconds(5)).withThrowableThat().withMessageContaining(message);
    }

    private Mono<String> step(String name) {
        return JointStatement.change((String question) -> Mono.just(question))
                .together(questions ->
                        Mono.just(questions.stream().map(Optional::of).toList()))
                .ask(name)
                .doOnNext(done::add);
    }

    private final DeferredChange<String> change =
            DeferredChange.of(this::makeAlone, names -> Part.changing("test", names.toString(), names.size()));

    private Mono<String> deferred(String name) {
        return change.make(name).thenReturn(name);
    }

    private Mono<Void> makeAlone(String name) {
        return name.equals("bad")
                ? Mono.error(new IllegalStateException("not to be made"))
                : Mono.fromRunnable(() -> done.add(name));
    }

    private Mono<Void> makeTogether(List<Part> parts) {
        return Mono.defer(() -> {
            parts.forEach(part -> done.add(part.tables().replaceAll(".*\\((.*)\\)", "together $1")));
            return joint;
        });
    }

    /** A statement that is not made for being shared. */
    private Mono<String> turn(String name) {
        Flux<String> statement = Flux.just(name).doOnNext(done::add);
        return Mono.deferContextual(context -> context.<Membership>getOrEmpty(Membership.class)
                .map(shared -> shared.group().takeTurn(statement, shared.member()))
                .orElse(statement)
                .next());
    }

    private Mono<String> read(String name) {
        return JointStatement.read((String question) -> Mono.just(question))
                .ask(name)
                .doOnNext(done::add);
    }
}
