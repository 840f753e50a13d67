package dev.millrace.transaction;

import dev.millrace.transaction.DeferredChange.Part;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Mono;

/**
 * Makes the changes in one statement, of which each is a table expression.
 *
 * @see <a href="https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING">Data-Modifying Statements in
 *     WITH</a>
 */
@RequiredArgsConstructor
final class PostgresChanges implements JointChanges {

    private final DatabaseClient database;

    /** There are as many as there are combinations of changes that the service makes. */
    private final Map<List<String>, String> statements = new ConcurrentHashMap<>();

    @Override
    public Mono<Void> make(List<Part> parts) {
        return Mono.defer(() -> database.sql(statementOf(parts))
                .bindValues(parametersOf(parts))
                .map(row -> {
                    parts.forEach(part -> part.read(row));
                    return true;
                })
                .one()
                .then());
    }

    private String statementOf(List<Part> parts) {
        return statements.computeIfAbsent(parts.stream().map(Part::tables).toList(), tables -> parts.stream()
                .map(Part::results)
                .collect(Collectors.joining(",\n", "WITH " + String.join(",\n", tables) + "\nSELECT ", "")));
    }

    private static Map<String, Object> parametersOf(List<Part> parts) {
        Map<String, Object> parameters = new HashMap<>();
        for (Part part : parts) {
            part.parameters().forEach((name, value) -> {
                if (parameters.put(name, value) != null) {
                    throw new IllegalStateException("Two parts have a parameter " + name);
                }
            });
        }
        return parameters;
    }
}
