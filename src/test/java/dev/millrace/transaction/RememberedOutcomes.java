package dev.millrace.transaction;

import dev.millrace.transaction.Commit.Outcome;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessResourceFailureException;
import reactor.core.publisher.Mono;

/** Says what it is told to, one answer after the other; when it has none left, the commit is still under way. */
final class RememberedOutcomes implements Outcomes {

    private final Queue<Mono<Outcome>> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger marked = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile @Nullable Throwable trouble;

    RememberedOutcomes willSay(Outcome outcome) {
        answers.add(Mono.just(outcome));
        return this;
    }

    RememberedOutcomes isUnderWay() {
        answers.add(Mono.empty());
        return this;
    }

    RememberedOutcomes isOutOfReach() {
        answers.add(Mono.error(new DataAccessResourceFailureException("no connection")));
        return this;
    }

    RememberedOutcomes isSilent() {
        answers.add(Mono.never());
        return this;
    }

    void willNotMark(Throwable error) {
        trouble = error;
    }

    int marked() {
        return marked.get();
    }

    int asked() {
        return asked.get();
    }

    @Override
    public Mono<Mark> mark() {
        return Mono.defer(() -> {
            Throwable error = trouble;
            return error == null ? Mono.just(new Mark("" + marked.incrementAndGet(), "life")) : Mono.error(error);
        });
    }

    @Override
    public Mono<Outcome> find(Mark mark) {
        return Mono.defer(() -> {
            asked.incrementAndGet();
            Mono<Outcome> answer = answers.poll();
            return answer == null ? Mono.empty() : answer;
        });
    }
}
