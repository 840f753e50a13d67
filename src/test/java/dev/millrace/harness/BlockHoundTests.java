package dev.millrace.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** The detector of blocking calls is at work in this very process; without it the other tests would promise less. */
class BlockHoundTests {

    @Test
    void failsWhoeverBlocksOnAThreadThatMustNotBlock() {
        Mono<Boolean> blocking = waiting().subscribeOn(Schedulers.parallel());

        blocking.as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error).isInstanceOf(BlockingOperationError.class));
    }

    @Test
    void letsAThreadBlockThatMay() {
        Mono<Boolean> blocking = waiting().subscribeOn(Schedulers.boundedElastic());

        blocking.as(StepVerifier::create).expectNext(false).verifyComplete();
    }

    private static Mono<Boolean> waiting() {
        return Mono.fromCallable(() -> new CountDownLatch(1).await(1, TimeUnit.MILLISECONDS));
    }
}
