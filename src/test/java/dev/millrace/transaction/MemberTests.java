package dev.millrace.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/** Nobody is told a result that was not committed. */
class MemberTests {

    private static final Transactions TRANSACTIONS = new Transactions() {
        @Override
        public <T> Mono<T> transactional(Mono<T> work) {
            return work;
        }

        @Override
        public <T> Mono<T> once(Mono<T> work) {
            return work;
        }
    };

    private final Sinks.One<String> work = Sinks.one();
    private final CompletableFuture<String> told = new CompletableFuture<>();
    private final Member<String> member = member(work.asMono());

    @Test
    void isToldItsResult() {
        member.alone(TRANSACTIONS).subscribe();
        work.tryEmitValue("done");
        member.answer();

        assertThat(told).isCompletedWithValue("done");
    }

    @Test
    void isToldTheFailureThoughTheWorkEndsWellAfterIt() {
        member.alone(TRANSACTIONS).subscribe();
        member.fail(new IllegalStateException("took too long"));
        work.tryEmitValue("too late");
        member.answer();

        assertThat(told).isCompletedExceptionally();
        assertThat(member.error()).hasMessage("took too long");
    }

    @Test
    void isToldTheResultOfTheLastRun() {
        Sinks.One<String> first = Sinks.one();
        Sinks.One<String> second = Sinks.one();
        Iterator<Sinks.One<String>> runs = List.of(first, second).iterator();
        Member<String> twice = member(Mono.defer(() -> runs.next().asMono()));

        twice.alone(TRANSACTIONS).subscribe();
        twice.fail(new IllegalStateException("nothing was done"));
        twice.alone(TRANSACTIONS).subscribe();
        second.tryEmitValue("done");
        first.tryEmitError(new IllegalStateException("too late"));
        twice.answer();

        assertThat(told).isCompletedWithValue("done");
    }

    @Test
    void isInItsFirstRunUntilSomethingGoesWrong() {
        member.alone(TRANSACTIONS).subscribe();
        assertThat(member.isFirstRun()).isTrue();

        member.fail(new IllegalStateException("nothing was done"));
        member.alone(TRANSACTIONS).subscribe();
        assertThat(member.isFirstRun()).isFalse();
    }

    private Member<String> member(Mono<String> doing) {
        CompletableFuture<Member<String>> created = new CompletableFuture<>();
        Mono.<String>create(sink -> created.complete(new Member<>(Lane.of("test", 1), doing, Context.empty(), sink)))
                .subscribe(told::complete, told::completeExceptionally);
        return created.join();
    }
}
