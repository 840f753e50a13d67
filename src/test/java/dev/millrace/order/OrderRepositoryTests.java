package dev.millrace.order;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.transaction.Lane;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Orders that are to be changed together are nobody else's from when they are read. */
@Tag("postgresql")
@RunningService
@RequiredArgsConstructor
class OrderRepositoryTests {

    private final OrderRepository orders;
    private final TransactionalOperator tx;
    private final DatabaseClient database;
    private final Shop shop;
    private final Sinks.Empty<Void> gate = Sinks.empty();

    @Test
    void locksOrdersThatAreChangedTogether() {
        long product = shop.aProduct(700);
        List<UUID> placed = List.of(shop.anOrderOf(1, product, 1), shop.anOrderOf(1, product, 2));
        CountDownLatch read = new CountDownLatch(placed.size());

        CompletableFuture<Void> holder = inLane("holder", gate.asMono());
        Sinks.Empty<Void> end = Sinks.empty();
        List<CompletableFuture<Void>> changing = placed.stream()
                .map(id -> inLane(
                        id,
                        orders.findToChange(id)
                                .doOnNext(order -> read.countDown())
                                .then(end.asMono())))
                .toList();
        gate.tryEmitEmpty();
        await().until(() -> read.getCount() == 0);

        placed.forEach(id -> take(id).as(StepVerifier::create).verifyError());
        end.tryEmitEmpty();
        holder.join();
        changing.forEach(CompletableFuture::join);
        assertThat(placed).allSatisfy(id -> assertThat(now(take(id))).isEqualTo(id));
    }

    private CompletableFuture<Void> inLane(Object subject, Mono<Void> work) {
        return work.as(tx::transactional)
                .contextWrite(Lane.of("test of locking", subject).joined())
                .toFuture();
    }

    private Mono<UUID> take(UUID id) {
        return database.sql("SELECT id FROM orders WHERE id = :id FOR UPDATE NOWAIT")
                .bind("id", id)
                .map(row -> row.get("id", UUID.class))
                .one();
    }
}
