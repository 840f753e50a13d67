package dev.millrace.balance;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Money;
import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
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

    /** Takes what many payments take from an account at once; the account covers all of it, or stays as it is. */
    private static final String DECREASE_ALL = """
            UPDATE balance SET amount = balance.amount - n.total, version = balance.version + n.payments
              FROM UNNEST(CAST(:users AS BIGINT[]), CAST(:totals AS BIGINT[]), CAST(:payments AS BIGINT[]))
                   AS n (user_id, total, payments)
             WHERE balance.user_id = n.user_id AND balance.amount >= n.total
            RETURNING balance.user_id, balance.amount, balance.version
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
            SELECT * FROM UNNEST(CAST(:ids AS UUID[]), CAST(:users AS BIGINT[]), CAST(:sequences AS BIGINT[]),
                                 CAST(:types AS VARCHAR[]), CAST(:amounts AS BIGINT[]), CAST(:afters AS BIGINT[]),
                                 CAST(:references AS UUID[]), CAST(:ats AS TIMESTAMPTZ[]))
            """;

    private static final String LIST_ENTRIES = """
            SELECT id, user_id, sequence, type, amount, balance_after, reference, at FROM balance_entry
             WHERE user_id = :user AND sequence < :before
             ORDER BY user_id DESC, sequence DESC
             LIMIT :rows
            """;

    private final DatabaseClient database;

    private final JointStatement<Long, Balance> find = JointStatement.read(this::findOne);

    private final JointStatement<Debit, Balance> decrease =
            JointStatement.change(this::decreaseOne).together(this::decreaseAll);

    private final JointStatement<Credit, Balance> increase = JointStatement.change(this::increaseOne);

    private final JointStatement<Long, Long> insertEmpty = JointStatement.change(this::insertOneEmpty);

    private final JointStatement<BalanceEntry, Void> insertEntry =
            JointStatement.insert(this::insertOne).withoutAnswers(this::insertAll);

    private record Debit(long userId, Money amount) {}

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

    /** Takes the amount; empty if the balance does not cover it. */
    Mono<Balance> decrease(long userId, Money amount) {
        return decrease.ask(new Debit(userId, amount));
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
        return insertEntry.ask(entry);
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

    private Mono<Void> insertAll(List<BalanceEntry> entries) {
        return database.sql(INSERT_ENTRIES)
                .bind("ids", column(entries, BalanceEntry::id, UUID[]::new))
                .bind("users", column(entries, BalanceEntry::userId, Long[]::new))
                .bind("sequences", column(entries, BalanceEntry::sequence, Long[]::new))
                .bind("types", column(entries, entry -> entry.type().name(), String[]::new))
                .bind("amounts", column(entries, BalanceEntry::amount, Long[]::new))
                .bind("afters", column(entries, entry -> entry.balanceAfter().amount(), Long[]::new))
                .bind("references", column(entries, BalanceEntry::reference, UUID[]::new))
                .bind("ats", column(entries, BalanceEntry::at, Instant[]::new))
                .then();
    }

    private Mono<Balance> findOne(long userId) {
        return database.sql("SELECT user_id, amount, version FROM balance WHERE user_id = :user")
                .bind("user", userId)
                .map(row -> toBalance(userId, row))
                .one();
    }

    private Mono<Balance> decreaseOne(Debit debit) {
        return change(debit.userId(), debit.amount(), database.sql(DECREASE));
    }

    /** Where an account does not cover all that is wanted of it, its debits are tried one by one, in their order. */
    private Mono<List<Optional<Balance>>> decreaseAll(List<Debit> debits) {
        Map<Long, List<Debit>> byUser =
                debits.stream().collect(Collectors.groupingBy(Debit::userId, TreeMap::new, Collectors.toList()));
        return database.sql(DECREASE_ALL)
                .bind("users", byUser.keySet().toArray(Long[]::new))
                .bind("totals", column(byUser.values(), BalanceRepository::total, Long[]::new))
                .bind("payments", column(byUser.values(), all -> (long) all.size(), Long[]::new))
                .map(row -> toBalance(required(row, "user_id", Long.class), row))
                .all()
                .collectMap(Balance::userId)
                .flatMap(balances -> Flux.fromIterable(byUser.entrySet())
                        .concatMap(account -> answers(account.getValue(), balances.get(account.getKey())))
                        .collectMap(Answered::debit, Answered::balance, IdentityHashMap::new))
                .map(answers -> debits.stream().map(answers::get).toList());
    }

    private record Answered(Debit debit, Optional<Balance> balance) {}

    private Flux<Answered> answers(List<Debit> debits, @Nullable Balance last) {
        return last == null
                ? Flux.fromIterable(debits).concatMap(debit -> decreaseOne(debit)
                        .map(Optional::of)
                        .defaultIfEmpty(Optional.empty())
                        .map(balance -> new Answered(debit, balance)))
                : Flux.fromIterable(stepsTo(last, debits));
    }

    /** What the balance was after each of the debits, the last of which has led to this one. */
    private static List<Answered> stepsTo(Balance last, List<Debit> debits) {
        List<Answered> steps = new ArrayList<>();
        Money amount = Money.of(last.amount().amount() + total(debits));
        long version = last.version() - debits.size();
        for (Debit debit : debits) {
            amount = amount.minus(debit.amount());
            version++;
            steps.add(new Answered(debit, Optional.of(new Balance(last.userId(), amount, version))));
        }
        return steps;
    }

    private static long total(List<Debit> debits) {
        return debits.stream().mapToLong(debit -> debit.amount().amount()).sum();
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
