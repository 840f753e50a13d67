package dev.millrace.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What every way to the platform promises. */
interface ExternalPlatformClientContract {

    ExternalPlatformClient client();

    /** What the platform has, each order once for each key. */
    List<OrderPayload> accepted();

    @Test
    default void completesWhenThePlatformHasTheOrder() {
        OrderPayload order = ExportFixture.anOrder();

        client().sendOrder(order, ExportFixture.aKey()).as(StepVerifier::create).verifyComplete();

        assertThat(accepted()).containsExactly(order);
    }

    @Test
    default void sendsNothingUntilItIsSubscribedTo() {
        Mono<Void> sending = client().sendOrder(ExportFixture.anOrder(), ExportFixture.aKey());

        assertThat(accepted()).isEmpty();
        sending.as(StepVerifier::create).verifyComplete();
        assertThat(accepted()).hasSize(1);
    }

    @Test
    default void letsThePlatformTellARepetitionByItsKey() {
        OrderPayload order = ExportFixture.anOrder();
        Mono<Void> sending = client().sendOrder(order, ExportFixture.aKey());

        sending.then(sending).as(StepVerifier::create).verifyComplete();

        assertThat(accepted()).containsExactly(order);
    }

    @Test
    default void sendsManyAtOnce() {
        List<OrderPayload> orders = Flux.range(0, 20)
                .map(number -> ExportFixture.anOrder())
                .collectList()
                .block();

        Flux.fromIterable(orders)
                .flatMap(order -> client().sendOrder(order, ExportFixture.aKey()), 4)
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(accepted()).containsExactlyInAnyOrderElementsOf(orders);
    }
}
