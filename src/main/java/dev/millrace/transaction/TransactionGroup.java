package dev.millrace.transaction;

import dev.millrace.transaction.DeferredChange.Part;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.util.concurrent.Queues;

/**
 * Pieces of work that go through one transaction in step. Each runs until it asks the database something. When all of them
 * wait or are done, a round asks for all at once: one statement for all who wait at the same {@link JointStatement}. Then
 * each goes on with its own answer. A {@link DeferredChange} keeps nobody waiting: those of all members are made at once when
 * everybody is done, or before whoever has deferred one asks something.
 *
 * <p>A member that fails before it has changed anything leaves alone, and the others go on. One that fails later has spoilt
 * the transaction for all: the group fails with {@link Spoilt}. To be run once.
 */
@RequiredArgsConstructor
final class TransactionGroup {

    private final List<Member<?>> members;
    private final @Nullable JointChanges sets;

    /** Where members begin, and go on when they have an answer. */
    private final Scheduler scheduler;

    /** Comes when the transaction has begun, and fails if it has not; before that, nothing must be changed. */
    private final Mono<Void> begun;

    private final Queue<Ask> asks = new ConcurrentLinkedQueue<>();
    private final Queue<Deferred<?>> deferred = new ConcurrentLinkedQueue<>();
    private final Sinks.Many<List<Ask>> rounds = Sinks.unsafe()
            .many()
            .unicast()
            .onBackpressureBuffer(Queues.<List<Ask>>unboundedMultiproducer().get());

    /** Members that are neither waiting nor done, and the round that is under way: whoever is the last begins the next. */
    private final AtomicInteger busy = new AtomicInteger();

    private volatile @Nullable Throwable harm;

    /** One member's error after it had changed something. */
    static final class Spoilt extends RuntimeException {

        Spoilt(Throwable cause) {
            super(null, cause, false, false);
        }
    }

    /** What one member waits for. */
    private interface Ask {

        Member<?> member();

        /** The member waits no longer. */
        default void abandon() {}
    }

    /** What one member does not wait for. */
    private record Deferred<Q>(DeferredChange<Q> change, Q question, Member<?> member) {

        Mono<Void> makeAlone() {
            return change.makeOne(question);
        }
    }

    private record Question<Q, A>(JointStatement<Q, A> statement, Q question, Member<?> member, MonoSink<A> sink)
            implements Ask {

        void answer(Optional<A> answer) {
            if (statement.hasChanged(answer)) {
                member.noteChange();
            }
            answer.ifPresentOrElse(sink::success, () -> sink.success());
        }
    }

    /** A statement that cannot be asked together with others has the connection to itself until it is over. */
    private record Turn(Member<?> member, MonoSink<Turn> sink, Sinks.Empty<Void> over) implements Ask {

        @Override
        public void abandon() {
            over.tryEmitEmpty();
        }

        Mono<Void> take() {
            return Mono.fromRunnable(() -> sink.success(this)).then(over.asMono());
        }
    }

    /** Completes when every member is done; to be run in a transaction. */
    Mono<Void> run() {
        Mono<Void> answers = rounds.asFlux().concatMap(this::round, 1).then();
        Mono<Void> work = Flux.fromIterable(members)
                .flatMap(member -> member.within(this).doOnSuccess(end -> leave(member)), members.size())
                .then()
                .subscribeOn(scheduler);
        return Mono.when(answers, work).doFirst(() -> busy.set(members.size()));
    }

    <Q, A> Mono<A> ask(JointStatement<Q, A> statement, Q question, Member<?> member) {
        return Mono.create(sink -> await(new Question<>(statement, question, member, sink), sink));
    }

    <Q> Mono<Void> defer(DeferredChange<Q> change, Q question, Member<?> member) {
        return Mono.fromRunnable(() -> deferred.add(new Deferred<>(change, question, member)));
    }

    /** Runs a statement that has not been made for being shared. */
    <T> Flux<T> takeTurn(Flux<T> statement, Member<?> member) {
        Mono<Turn> turn = Mono.create(sink -> await(new Turn(member, sink, Sinks.empty()), sink));
        return Flux.usingWhen(
                turn.doOnNext(begun -> member.noteChange()),
                begun -> statement,
                begun -> Mono.fromRunnable(begun.over()::tryEmitEmpty));
    }

    /** A member that no longer waits for an answer it has asked for is out of step. */
    private void await(Ask ask, MonoSink<?> sink) {
        sink.onCancel(() -> {
            harm = new CancellationException("A statement was cancelled");
            ask.abandon();
        });
        asks.add(ask);
        rest();
    }

    /** What somebody has deferred who fails is not made. */
    private void leave(Member<?> member) {
        if (member.error() != null) {
            deferred.removeIf(change -> change.member() == member);
        }
        Throwable error = member.harm();
        if (error != null) {
            harm = error;
        }
        rest();
    }

    private void rest() {
        if (busy.decrementAndGet() > 0) {
            return;
        }
        Throwable error = harm;
        if (error != null) {
            rounds.tryEmitError(new Spoilt(error));
        } else if (asks.isEmpty() && deferred.isEmpty()) {
            rounds.tryEmitComplete();
        } else {
            List<Ask> next = new ArrayList<>(asks);
            asks.clear();
            busy.set(next.size() + 1);
            rounds.tryEmitNext(next);
        }
    }

    private Mono<Void> round(List<Ask> asked) {
        Map<JointStatement<?, ?>, List<Question<?, ?>>> questions = new LinkedHashMap<>();
        List<Turn> turns = new ArrayList<>();
        for (Ask ask : asked) {
            if (ask instanceof Question<?, ?> question) {
                questions
                        .computeIfAbsent(question.statement(), statement -> new ArrayList<>())
                        .add(question);
            } else {
                turns.add((Turn) ask);
            }
        }
        boolean changesNothing = turns.isEmpty()
                && deferred.isEmpty()
                && questions.keySet().stream().allMatch(JointStatement::isRead);
        return (changesNothing ? Mono.<Void>empty() : begun)
                .then(Mono.defer(() -> makeDeferredBefore(asked)))
                .thenMany(Flux.fromIterable(questions.entrySet()))
                .concatMap(entry -> put(entry.getKey(), entry.getValue()))
                .thenMany(Flux.fromIterable(turns))
                .concatMap(Turn::take)
                .then(Mono.fromRunnable(this::rest));
    }

    private Mono<Void> makeDeferredBefore(List<Ask> asked) {
        Set<Member<?>> deferring = deferred.stream().map(Deferred::member).collect(Collectors.toSet());
        if (!asked.isEmpty() && asked.stream().map(Ask::member).noneMatch(deferring::contains)) {
            return Mono.empty();
        }
        List<Deferred<?>> changes = List.copyOf(deferred);
        deferred.clear();
        changes.forEach(change -> change.member().noteChange());
        return sets == null || changes.size() == 1 ? makeEach(changes) : makeTogether(changes, sets);
    }

    private static Mono<Void> makeEach(Collection<Deferred<?>> changes) {
        return Flux.fromIterable(changes).concatMap(Deferred::makeAlone).then();
    }

    private static Mono<Void> makeTogether(List<Deferred<?>> changes, JointChanges sets) {
        Map<DeferredChange<?>, List<Deferred<?>>> kinds = changes.stream()
                .collect(Collectors.groupingBy(Deferred::change, LinkedHashMap::new, Collectors.toList()));
        return sets.make(kinds.entrySet().stream()
                .map(kind -> toPart(kind.getKey(), kind.getValue()))
                .toList());
    }

    @SuppressWarnings("unchecked")
    private static <Q> Part toPart(DeferredChange<Q> change, List<? extends Deferred<?>> deferred) {
        return change.toPart(
                deferred.stream().map(one -> ((Deferred<Q>) one).question()).toList());
    }

    @SuppressWarnings("unchecked")
    private <Q, A> Mono<Void> put(JointStatement<Q, A> statement, List<? extends Question<?, ?>> asked) {
        List<Question<Q, A>> questions = (List<Question<Q, A>>) asked;
        return statement
                .askAll(questions.stream().map(Question::question).toList(), sets != null)
                .publishOn(scheduler)
                .doOnNext(answers -> {
                    for (int i = 0; i < answers.size(); i++) {
                        questions.get(i).answer(answers.get(i));
                    }
                })
                .then();
    }
}
