package dev.millrace.balance;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Money;
import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
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

    /**
     * Takes what many payments take from an account at once, with an entry for each of them in their order; the account covers
     * all of it, or stays as it is. What an entry says was left is what is left in the end, and what was taken after it.
     */
    private static final String DECREASE_ALL = """
            WITH taken AS (
                UPDATE balance SET amount = balance.amount - n.total, version = balance.version + n.debits
                  FROM (SELECT user_id, CAST(SUM(amount) AS BIGINT) AS total, COUNT(*) AS debits,
                               ARRAY_AGG(id ORDER BY place) AS ids, ARRAY_AGG(amount ORDER BY place) AS amounts,
                               ARRAY_AGG(reference ORDER BY place) AS refs, ARRAY_AGG(at ORDER BY place) AS ats
                          FROM UNNEST(CAST(:ids AS UUID[]), CAST(:users AS BIGINT[]), CAST(:amounts AS BIGINT[]),
                                      CAST(:references AS UUID[]), CAST(:ats AS TIMESTAMPTZ[]))
                               WITH ORDINALITY AS debit (id, user_id, amount, reference, at, place)
                         GROUP BY user_id) AS n
                 WHERE balance.user_id = n.user_id AND balance.amount >= n.total
                RETURNING n.*, balance.amount AS left_over, balance.version)
            INSERT INTO balance_entry (id, user_id, sequence, type, amount, balance_after, reference, at)
            SELECT debit.id, taken.user_id, taken.version - taken.debits + debit.place, 'PAYMENT', -debit.amount,
                   taken.left_over + COALESCE(SUM(debit.amount) OVER later, 0), debit.reference, debit.at
              FROM taken
             CROSS JOIN LATERAL UNNEST(taken.ids, taken.amounts, taken.refs, taken.ats)
                   WITH ORDINALITY AS debit (id, amount, reference, at, place)
            WINDOW later AS (PARTITION BY taken.user_id ORDER BY debit.place
                             ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
            RETURNING id
            """;

    private static final String INCREASE = """
            UPDATE balance SET amount = amount + :amount, version = version + 1
             WHERE user_id = :user AND amount <= :most
            """;

    private static final String INSERT_ENTRY = """
            INSERT INTO balance_entry (id, user_id, sequence, type, amount, balance_after, reference, at)
            VALUES (:id, :user, :sequence, :type, :amount, :after, :reference, :at)
            """;

    private static final String INSERT_ENTRIES = """
            INSERT INTO balance_entry (id, user_id, sequence, type, amount, balance_after, reference, at)
            SELECT * FROM UNNEST(CAST(:entryIds AS UUID[]), CAST(:entryUsers AS BIGINT[]), CAST(:entrySequences AS BIGINT[]),
                                 CAST(:entryTypes AS VARCHAR[]), CAST(:entryAmounts AS BIGINT[]),
                                 CAST(:balancesAfter AS BIGINT[]), CAST(:entryReferences AS UUID[]),
                                 CAST(:entryTimes AS TIMESTAMPTZ[]))
            RETURNING 1
            """;

    private static final String LIST_ENTRIES = """
            SELECT id, user_id, sequence, type, amount, balance_after, reference, at FROM balance_entry
             WHERE user_id = :user AND sequence < :before
             ORDER BY user_id DESC, sequence DESC
             LIMIT :rows
            """;

    private final DatabaseClient database;

    private final JointStatement<Long, Balance> find = JointStatement.read(this::findOne);

    private final JointStatement<Debit, UUID> decrease =
            JointStatement.change(this::decreaseOne).together(this::decreaseAll);

    private final JointStatement<Credit, Balance> increase = JointStatement.change(this::increaseOne);

    private final JointStatement<Long, Long> insertEmpty = JointStatement.change(this::insertOneEmpty);

    private final DeferredChange<BalanceEntry> insertEntry =
            DeferredChange.of(this::insertOne, BalanceRepository::insertAll);

    /** What is taken from an account, and the id of the entry that will say so. */
    record Debit(UUID id, long userId, Money amount, UUID reference, Instant at) {

        BalanceEntry leaving(Balance after) {
            return new BalanceEntry(
                    id,
                    userId,
                    after.version(),
                    BalanceEntry.Type.PAYMENT,
                    -amount.amount(),
                    after.amount(),
                    reference,
                    at);
        }
    }

    private record Credit(long userId, Money amount) {}

    Mono<Balance> find(long userId) {
        return find.ask(userId);
    }

    /** Opens the account, if there is none yet. */
    Mono<Void> insertEmpty(long userId) {
        return insertEmpty.ask(userId).then();
    }

    private Mono<Long> insertOneEmpty(long userId) {
        return database.sql(
                        "INSERT INTO balance (user_id, amount, version) VALUES (:user, 0, 0) ON CONFLICT DO NOTHING")
                .bind("user", userId)
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1);
    }

    /** Takes the amount and adds the entry, whose id it returns; empty if the balance does not cover it. */
    Mono<UUID> decrease(Debit debit) {
        return decrease.ask(debit);
    }

    /** Adds the amount; empty if there is no account, or if it would leave the range of {@link Money}. */
    Mono<Balance> increase(long userId, Money amount) {
        return increase.ask(new Credit(userId, amount));
    }

    private Mono<Balance> increaseOne(Credit credit) {
        return change(
                credit.userId(),
                credit.amount(),
                database.sql(INCREASE).bind("most", Money.MAX - credit.amount().amount()));
    }

    Mono<Void> insertEntry(BalanceEntry entry) {
        return insertEntry.make(entry);
    }

    private Mono<Void> insertOne(BalanceEntry entry) {
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

    private static Part insertAll(List<BalanceEntry> entries) {
        return Part.changing("entry", INSERT_ENTRIES, entries.size())
                .bind("entryIds", column(entries, BalanceEntry::id, UUID[]::new))
                .bind("entryUsers", column(entries, BalanceEntry::userId, Long[]::new))
                .bind("entrySequences", column(entries, BalanceEntry::sequence, Long[]::new))
                .bind("entryTypes", column(entries, entry -> entry.type().name(), String[]::new))
                .bind("entryAmounts", column(entries, BalanceEntry::amount, Long[]::new))
                .bind(
                        "balancesAfter",
                        column(entries, entry -> entry.balanceAfter().amount(), Long[]::new))
                .bind("entryReferences", column(entries, BalanceEntry::reference, UUID[]::new))
                .bind("entryTimes", column(entries, BalanceEntry::at, Instant[]::new));
    }

    private Mono<Balance> findOne(long userId) {
        return database.sql("SELECT user_id, amount, version FROM balance WHERE user_id = :user")
                .bind("user", userId)
                .map(row -> toBalance(userId, row))
                .one();
    }

    private Mono<UUID> decreaseOne(Debit debit) {
        return change(debit.userId(), debit.amount(), database.sql(DECREASE))
                .delayUntil(after -> insertOne(debit.leaving(after)))
                .map(after -> debit.id());
    }

    /** Where an account does not cover all that is wanted of it, its debits are tried one by one, in their order. */
    private Mono<List<Optional<UUID>>> decreaseAll(List<Debit> debits) {
        return database.sql(DECREASE_ALL)
                .bind("ids", column(debits, Debit::id, UUID[]::new))
                .bind("users", column(debits, Debit::userId, Long[]::new))
                .bind("amounts", column(debits, debit -> debit.amount().amount(), Long[]::new))
                .bind("references", column(debits, Debit::reference, UUID[]::new))
                .bind("ats", column(debits, Debit::at, Instant[]::new))
                .map(row -> required(row, "id", UUID.class))
                .all()
                .collect(Collectors.toSet())
                .flatMap(taken -> Flux.fromIterable(debits)
                        .concatMap(debit -> taken.contains(debit.id())
                                ? Mono.just(Optional.of(debit.id()))
                                : decreaseOne(debit).map(Optional::of).defaultIfEmpty(Optional.empty()))
                        .collectList());
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
