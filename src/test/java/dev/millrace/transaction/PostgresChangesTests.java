package dev.millrace.transaction;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Postgres;
import dev.millrace.harness.Postgres.Database;
import dev.millrace.transaction.DeferredChange.NotAllChanged;
import dev.millrace.transaction.DeferredChange.Part;
import io.r2dbc.spi.ConnectionFactories;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.test.StepVerifier;

/** Changes of several kinds are one statement: all of them are made, or none is. */
@Tag("postgresql")
class PostgresChangesTests {

    private final Database database = Postgres.freshDatabase();
    private final DatabaseClient client = DatabaseClient.create(ConnectionFactories.get(
            "r2dbc:postgresql://postgres:postgres@localhost:%d/%s".formatted(Postgres.port(), database.name())));
    private final PostgresChanges changes = new PostgresChanges(client);

    PostgresChangesTests() {
        now(client.sql("CREATE TABLE note (text VARCHAR PRIMARY KEY); CREATE TABLE tag (text VARCHAR)")
                .then()
                .thenReturn(true));
    }

    @Test
    void areMadeAtOnce() {
        changes.make(List.of(notes("a", "b"), tags(1, "c")))
                .as(StepVerifier::create)
                .verifyComplete();
        changes.make(List.of(tags(0), notes())).as(StepVerifier::create).verifyComplete();

        assertThat(database.count("SELECT COUNT(*) FROM note")).isEqualTo(2);
        assertThat(database.count("SELECT COUNT(*) FROM tag")).isEqualTo(1);
    }

    @Test
    void areNotMadeIfOneOfThemFails() {
        changes.make(List.of(tags(1, "a"), notes("b", "b")))
                .as(StepVerifier::create)
                .verifyError();

        assertThat(database.count("SELECT COUNT(*) FROM note")).isZero();
        assertThat(database.count("SELECT COUNT(*) FROM tag")).isZero();
    }

    @Test
    void tellIfNotEveryRowWasChanged() {
        changes.make(List.of(notes("a"), tags(2, "b")))
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(error).isInstanceOf(NotAllChanged.class).hasMessage("tagged: 1 of 2"));
    }

    @Test
    void tellIfNotEveryRowOfASecondTableWasChanged() {
        Part both = notes("a").andChanging("tagged", "INSERT INTO tag SELECT text FROM noted RETURNING 1", 2);

        changes.make(List.of(both)).as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(error)
                .isInstanceOf(NotAllChanged.class)
                .hasMessage("tagged: 1 of 2"));
    }

    @Test
    void refuseTwoParametersOfTheSameName() {
        changes.make(List.of(notes("a"), notes("b")))
                .as(StepVerifier::create)
                .verifyErrorMessage("Two parts have a parameter notes");
    }

    private static Part notes(String... texts) {
        return Part.changing(
                        "noted",
                        "INSERT INTO note SELECT UNNEST(CAST(:notes AS VARCHAR[])) RETURNING text",
                        texts.length)
                .bind("notes", texts);
    }

    private static Part tags(long rows, String... texts) {
        return Part.changing("tagged", "INSERT INTO tag SELECT UNNEST(CAST(:tags AS VARCHAR[])) RETURNING 1", rows)
                .bind("tags", texts);
    }
}
