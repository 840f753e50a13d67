package dev.millrace.transaction;

import io.r2dbc.spi.Readable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import lombok.AccessLevel;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A change that its pipeline does not wait for. Those who share a transaction make theirs together, all kinds of them at once:
 * before the next thing that one of them asks for, and in the end before the commit. Whoever is alone makes it at once.
 *
 * <p>It is written once for a single question; that is the reference, and it fails if there is nothing to be changed. It is
 * written once more as a {@link Part} for many questions. What is deferred by one member must not depend on what else it has
 * deferred, nor on its order.
 */
@RequiredArgsConstructor(access = AccessLevel.PRIVATE)
public final class DeferredChange<Q> {

    private final Function<Q, Mono<Void>> one;
    private final Function<List<Q>, Part> many;

    /**
     * @param one makes the change for a single question
     * @param many the same for many, each of which has to change something
     */
    public static <Q> DeferredChange<Q> of(Function<Q, Mono<Void>> one, Function<List<Q>, Part> many) {
        return new DeferredChange<>(one, many);
    }

    /**
     * Has the change made before the transaction commits; completes at once if others share the transaction. If the change
     * fails then, so does the transaction, and each is done again in one of its own.
     */
    public Mono<Void> make(Q question) {
        return Mono.deferContextual(context -> context.<Membership>getOrEmpty(Membership.class)
                .map(membership -> membership.group().defer(this, question, membership.member()))
                .orElseGet(() -> makeOne(question)));
    }

    Mono<Void> makeOne(Q question) {
        return one.apply(question);
    }

    Part toPart(List<Q> questions) {
        return many.apply(questions);
    }

    /**
     * A part of one statement that makes many changes at once: common table expressions, and what the statement selects of them.
     * Each part sees what was there before the statement. The names of its tables and parameters are those of no other part.
     */
    @RequiredArgsConstructor(access = AccessLevel.PRIVATE)
    public static final class Part {

        private final String tables;
        private final String results;
        private final Consumer<Readable> reader;
        private final Map<String, Object> parameters;

        /**
         * @param tables common table expressions, without WITH
         * @param results expressions with names, without SELECT
         * @param reader gets the statement's only row; fails if not everything was changed
         */
        public static Part of(String tables, String results, Consumer<Readable> reader) {
            return new Part(tables, results, reader, new LinkedHashMap<>());
        }

        /** A single table expression that returns a row for each row that it changes, and how many those must be. */
        public static Part changing(String table, String sql, long rows) {
            return of(definition(table, sql), countOf(table), row -> requireAll(table, row, rows));
        }

        private static String definition(String table, String sql) {
            return "%s AS (%s)".formatted(table, sql);
        }

        private static String countOf(String table) {
            return "(SELECT COUNT(*) FROM %1$s) AS %1$s".formatted(table);
        }

        private static void requireAll(String table, Readable row, long rows) {
            Long changed = row.get(table, Long.class);
            if (changed == null || changed != rows) {
                throw new NotAllChanged(table, changed, rows);
            }
        }

        /** The same with one more table expression, of which nothing is selected. */
        public Part and(String table, String sql) {
            return new Part(tables + ",\n" + definition(table, sql), results, reader, parameters);
        }

        /** The same with one more table expression that returns a row for each row that it changes, and how many those must be. */
        public Part andChanging(String table, String sql, long rows) {
            Part both = and(table, sql);
            return new Part(
                    both.tables,
                    results + ",\n" + countOf(table),
                    reader.andThen(row -> requireAll(table, row, rows)),
                    parameters);
        }

        public Part bind(String name, Object value) {
            parameters.put(name, value);
            return this;
        }

        String tables() {
            return tables;
        }

        String results() {
            return results;
        }

        Map<String, Object> parameters() {
            return parameters;
        }

        void read(Readable row) {
            reader.accept(row);
        }
    }

    /** Somebody's change could not be made; whose is found out one by one. */
    static final class NotAllChanged extends RuntimeException {

        NotAllChanged(String table, @Nullable Long changed, long rows) {
            super("%s: %s of %s".formatted(table, changed, rows), null, false, false);
        }
    }
}
