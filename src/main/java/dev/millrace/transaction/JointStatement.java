package dev.millrace.transaction;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import lombok.AccessLevel;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A statement that all who share a transaction ask together, and each for itself where there is nobody else.
 *
 * <p>It is written once for a single question; that is the reference. Where round trips dominate, it is written once more for
 * many questions at a time, with the same answers.
 */
@RequiredArgsConstructor(access = AccessLevel.PRIVATE)
public final class JointStatement<Q, A> {

    private final Function<Q, Mono<A>> one;
    private final @Nullable Function<List<Q>, Mono<List<Optional<A>>>> many;
    private final boolean isRead;

    /** A statement that changes nothing. */
    public static <Q, A> JointStatement<Q, A> read(Function<Q, Mono<A>> one) {
        return new JointStatement<>(one, null, true);
    }

    /** A statement that has changed something if and only if it has an answer. */
    public static <Q, A> JointStatement<Q, A> change(Function<Q, Mono<A>> one) {
        return new JointStatement<>(one, null, false);
    }

    /** The same for many questions; its answers are in their order. */
    public JointStatement<Q, A> together(Function<List<Q>, Mono<List<Optional<A>>>> all) {
        return new JointStatement<>(one, all, isRead);
    }

    /** The same for many questions; the answers are found by a key that no two of the questions share. */
    public <K> JointStatement<Q, A> together(Function<Q, K> key, Function<List<Q>, Mono<Map<K, A>>> all) {
        return together(questions -> all.apply(questions).map(answers -> questions.stream()
                .map(question -> Optional.ofNullable(answers.get(key.apply(question))))
                .toList()));
    }

    /** Asks together with whoever shares the transaction; empty if there is no answer. */
    public Mono<A> ask(Q question) {
        return Mono.deferContextual(context -> context.<Membership>getOrEmpty(Membership.class)
                .map(membership -> membership.group().ask(this, question, membership.member()))
                .orElseGet(() -> one.apply(question)));
    }

    Mono<List<Optional<A>>> askAll(List<Q> questions, boolean sets) {
        return !sets || many == null || questions.size() == 1 ? askEach(questions) : many.apply(questions);
    }

    private Mono<List<Optional<A>>> askEach(List<Q> questions) {
        return Flux.fromIterable(questions)
                .concatMap(question -> one.apply(question).map(Optional::of).defaultIfEmpty(Optional.empty()))
                .collectList();
    }

    boolean isRead() {
        return isRead;
    }

    boolean hasChanged(Optional<A> answer) {
        return !isRead && answer.isPresent();
    }
}
