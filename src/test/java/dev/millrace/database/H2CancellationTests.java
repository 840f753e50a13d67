package dev.millrace.database;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.RunningService;
import java.time.Duration;
import java.util.Objects;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Whoever stops waiting for the database leaves it as it is: an interrupt during a write would close its file. */
@RunningService
@Tag("embedded")
@RequiredArgsConstructor
class H2CancellationTests {

    private final DatabaseClient database;

    @Test
    void survivesThatItsWritesAreCancelled() {
        now(Flux.range(0, 200).flatMap(this::cancelled, 4).then(Mono.just(true)));

        long products = now(database.sql("SELECT COUNT(*) FROM product")
                .map(row -> Objects.requireNonNull(row.get(0, Long.class)))
                .one());
        assertThat(products).isNotNegative();
        now(write().thenReturn(true));
    }

    private Mono<Void> cancelled(int turn) {
        return write().timeout(Duration.ofMillis(1 + turn % 5), Mono.empty());
    }

    private Mono<Void> write() {
        return database.sql("UPDATE checkpoint_mark SET mark = mark + 1")
                .then()
                .then(database.sql("CHECKPOINT SYNC").then());
    }
}
