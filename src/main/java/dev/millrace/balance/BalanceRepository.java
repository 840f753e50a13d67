package dev.millrace.balance;

import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Money;
import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Balances and their entries. Every change is one guarded UPDATE: there is no read whose answer could be stale. */
@Repository
@RequiredArgsConstructor
class BalanceRepository {

    private static final String DECREASE = """
            UPDATE balance SET amount = amount - :amount, version = version + 1
             WHERE user_id = :user AND amount >= :amount
            """;

    private static final String INCREASE = """
            UPDATE balance SET amount = amount + :amount, version = version + 1
             WHERE user_id = :user AND amount <= :most
            """;

    private static final String INSERT_ENTRY = """
            INSERT INTO balance_entry (id, user_id, sequence, type, amount, balance_after, reference, at)
            VALUES (:id, :user, :sequence, :type, :amount, :after, :reference, :at)
            """;

    private static final String LIST_ENTRIES = """
            SELECT id, user_id, sequence, type, amount, balance_after, reference, at FROM balance_entry
             WHERE user_id = :user AND sequence < :before
             ORDER BY user_id DESC, sequence DESC
             LIMIT :rows
            """;

    private final DatabaseClient database;

    Mono<Balance> find(long userId) {
        return database.sql("SELECT user_id, amount, version FROM balance WHERE user_id = :user")
                .bind("user", userId)
                .map(row -> toBalance(userId, row))
                .one();
    }

    /** Opens the account, if there is none yet. */
    Mono<Void> insertEmpty(long userId) {
        return database.sql(
                        "INSERT INTO balance (user_id, amount, version) VALUES (:user, 0, 0) ON CONFLICT DO NOTHING")
                .bind("user", userId)
                .then();
    }

    /** Takes the amount; empty if the balance does not cover it. */
    Mono<Balance> decrease(long userId, Money amount) {
        return change(userId, amount, database.sql(DECREASE));
    }

    /** Adds the amount; empty if there is no account, or if it would leave the range of {@link Money}. */
    Mono<Balance> increase(long userId, Money amount) {
        return change(userId, amount, database.sql(INCREASE).bind("most", Money.MAX - amount.amount()));
    }

    Mono<Void> insertEntry(BalanceEntry entry) {
        return database.sql(INSERT_ENTRY)
                .bind("id", entry.id())
                .bind("user", entry.userId())
                .bind("sequence", entry.sequence())
                .bind("type", entry.type().name())
                .bind("amount", entry.amount())
                .bind("after", entry.balanceAfter().amount())
                .bind("reference", entry.reference() == null ? Parameters.in(UUID.class) : entry.reference())
                .bind("at", entry.at())
                .then();
    }

    Flux<BalanceEntry> listEntries(long userId, PageRequest page) {
        return database.sql(LIST_ENTRIES)
                .bind("user", userId)
                .bind("before", page.beforeNumber())
                .bind("rows", page.rowsToRead())
                .map(BalanceRepository::toEntry)
                .all();
    }

    private static Mono<Balance> change(long userId, Money amount, GenericExecuteSpec update) {
        return update.filter(statement -> statement.returnGeneratedValues("amount", "version"))
                .bind("user", userId)
                .bind("amount", amount.amount())
                .map(row -> toBalance(userId, row))
                .one();
    }

    private static Balance toBalance(long userId, Readable row) {
        return new Balance(userId, Rows.money(row, "amount"), required(row, "version", Long.class));
    }

    private static BalanceEntry toEntry(Readable row) {
        return new BalanceEntry(
                required(row, "id", UUID.class),
                required(row, "user_id", Long.class),
                required(row, "sequence", Long.class),
                BalanceEntry.Type.valueOf(required(row, "type", String.class)),
                required(row, "amount", Long.class),
                Rows.money(row, "balance_after"),
                row.get("reference", UUID.class),
                required(row, "at", Instant.class));
    }
}
