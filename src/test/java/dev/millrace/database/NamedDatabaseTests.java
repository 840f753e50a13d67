package dev.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProperties;

/** A URL, a user and a password name the database, for the service and for its migrations alike. */
class NamedDatabaseTests {

    private final R2dbcProperties properties = new R2dbcProperties();

    @Test
    void leadsTheMigrationsToTheSameDatabase() {
        properties.setUsername("millrace");
        properties.setPassword("secret");

        MigrationConnection migration = migration("r2dbc:postgresql://db.example:5433/shop");

        assertThat(migration.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:5433/shop?targetServerType=primary");
        assertThat(migration.username()).isEqualTo("millrace");
        assertThat(migration.password()).isEqualTo("secret");
        assertThat(migration.getDriverClassName()).isEqualTo("org.postgresql.Driver");
        assertThat(migration).asString().doesNotContain("secret");
    }

    @Test
    void takesTheUserFromTheUrlIfThereIsNoOther() {
        MigrationConnection migration = migration("r2dbc:postgresql://millrace:secret@db.example/shop");

        assertThat(migration.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example/shop?targetServerType=primary");
        assertThat(migration.username()).isEqualTo("millrace");
        assertThat(migration.password()).isEqualTo("secret");
    }

    @Test
    void securesTheMigrationsAsItDoesTheService() {
        MigrationConnection migration = migration(
                "r2dbc:postgresql://db/shop?sslMode=verify-full&sslRootCert=/etc/ca.pem&schema=pay&statementTimeout=PT1S");

        assertThat(migration.jdbcUrl())
                .isEqualTo("jdbc:postgresql://db/shop?targetServerType=primary"
                        + "&currentSchema=pay&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem");
    }

    @Test
    void findsTheOneOfSeveralHostsThatCanBeWrittenTo() {
        assertThat(migration("r2dbc:postgresql:failover://one:5432,two:5432/shop?targetServerType=primary")
                        .jdbcUrl())
                .isEqualTo("jdbc:postgresql://one:5432,two:5432/shop?targetServerType=primary");
    }

    @Test
    void letsTheUrlWinOverTheProperties() {
        properties.getProperties().put("statementTimeout", "PT10S");
        properties.getProperties().put("lockWaitTimeout", "PT2S");

        ConnectionFactoryOptions options =
                NamedDatabase.of("r2dbc:postgresql://db/shop?statementTimeout=PT1S", properties);

        assertThat(options.getValue(Option.valueOf("statementTimeout"))).isEqualTo("PT1S");
        assertThat(options.getValue(Option.valueOf("lockWaitTimeout"))).isEqualTo("PT2S");
    }

    @ParameterizedTest
    @ValueSource(strings = {"socket=/run/postgresql", "sslmodus=require", "schema=pay&host=elsewhere"})
    void refusesAnOptionThatTheMigrationsCouldNotFollow(String option) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NamedDatabase.of("r2dbc:postgresql://db/shop?" + option, properties))
                .withMessageContaining("not supported")
                .withMessageNotContaining("pay");
    }

    @ParameterizedTest
    @ValueSource(strings = {"r2dbc:mysql://db/shop", "r2dbc:h2:mem:///shop", "r2dbc:pool:postgresql://db/shop"})
    void refusesAnotherKindOfDatabase(String url) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NamedDatabase.of(url, properties))
                .withMessageContaining("r2dbc:postgresql://host:port/database");
    }

    private MigrationConnection migration(String url) {
        return MigrationConnection.to(NamedDatabase.of(url, properties));
    }
}
