package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.MediaType;

/** Unless they are allowed, planned faults mean nothing: the header is not even read. */
@RunningService
@RequiredArgsConstructor
class FaultsOffTests {

    private final Shop shop;
    private final Ledger ledger;

    @ParameterizedTest
    @ValueSource(strings = {"confirm=permanent", "crash=after-commit", "no plan at all"})
    void ignoresThePlan(String plan) {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        shop.tester()
                .post()
                .uri("/payments")
                .contentType(MediaType.APPLICATION_JSON)
                .header("X-Fault", plan)
                .bodyValue(Shop.payment(order, user))
                .exchange()
                .expectStatus()
                .isOk();

        await().untilAsserted(() -> assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED"));
        assertThat(ledger.count(
                        "SELECT COUNT(*) FROM event WHERE aggregate_id = :id AND fault_plan IS NOT NULL", order))
                .isZero();
    }
}
