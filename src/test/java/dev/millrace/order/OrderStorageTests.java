package dev.millrace.order;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A payment and a confirmation change rows where they are, and write nothing into an index. */
@Tag("postgresql")
@RunningService
@RequiredArgsConstructor
class OrderStorageTests {

    private final OrderUseCase orders;
    private final TransactionalOperator tx;
    private final DatabaseClient database;
    private final Shop shop;

    private record Changes(long rows, long inPlace) {

        Changes since(Changes before) {
            return new Changes(rows - before.rows, inPlace - before.inPlace);
        }
    }

    /** So many that pages are full of them: each has room for all. */
    @Test
    void paysInPlace() {
        long user = shop.aUser();
        List<UUID> placed = placed(user, 150);

        Changes changes = now(changesOf(
                "open_order",
                Flux.fromIterable(placed)
                        .concatMap(id -> orders.claimForPayment(id, user).then(orders.endWaiting(id)))
                        .then()));

        assertThat(changes).isEqualTo(new Changes(150, 150));
    }

    @Test
    void confirmsInPlace() {
        List<UUID> placed = placed(shop.aUser(), 10);

        Changes changes = now(changesOf(
                "orders",
                Flux.fromIterable(placed).concatMap(orders::confirmOrder).then()));

        assertThat(changes).isEqualTo(new Changes(10, 10));
    }

    private List<UUID> placed(long user, int count) {
        long product = shop.aProduct(700);
        return now(Flux.range(0, count)
                .flatMap(number -> shop.order(user, product, 1), 8)
                .map(reply -> reply.id())
                .collectList());
    }

    private Mono<Changes> changesOf(String table, Mono<Void> work) {
        return changesOf(table)
                .flatMap(before -> work.then(changesOf(table)).map(after -> after.since(before)))
                .as(tx::transactional);
    }

    /** What the connection has done since it told the server last; that is never within a transaction. */
    private Mono<Changes> changesOf(String table) {
        return database.sql("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = :table")
                .bind("table", table)
                .map(row -> new Changes(row.get(0, Long.class), row.get(1, Long.class)))
                .one();
    }
}
