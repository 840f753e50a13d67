package dev.millrace.database;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.flyway.autoconfigure.FlywayConnectionDetails;
import org.springframework.boot.jdbc.DatabaseDriver;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/**
 * The JDBC way to the database that R2DBC uses, for the migrations alone, so that nobody configures it twice.
 *
 * <p>It is both kinds of details because Flyway's configuration asks for the one and is switched on by the other.
 */
record MigrationConnection(
        String jdbcUrl, @Nullable String username, @Nullable String password)
        implements FlywayConnectionDetails, JdbcConnectionDetails {

    static MigrationConnection to(ConnectionFactoryOptions options) {
        return new MigrationConnection(
                jdbcUrl(options),
                text(options, ConnectionFactoryOptions.USER),
                text(options, ConnectionFactoryOptions.PASSWORD));
    }

    @Override
    public String getJdbcUrl() {
        return jdbcUrl;
    }

    @Override
    public @Nullable String getUsername() {
        return username;
    }

    @Override
    public @Nullable String getPassword() {
        return password;
    }

    @Override
    public @Nullable String getDriverClassName() {
        return DatabaseDriver.fromJdbcUrl(jdbcUrl).getDriverClassName();
    }

    private static String jdbcUrl(ConnectionFactoryOptions options) {
        String driver = text(options, ConnectionFactoryOptions.DRIVER);
        String database = text(options, ConnectionFactoryOptions.DATABASE);
        if ("h2".equals(driver)) {
            String protocol = text(options, ConnectionFactoryOptions.PROTOCOL);
            return "jdbc:h2:" + protocol + ":" + database + ";" + text(options, EmbeddedDatabase.SETTINGS);
        }
        String host = text(options, ConnectionFactoryOptions.HOST);
        String port = text(options, ConnectionFactoryOptions.PORT);
        return "jdbc:" + driver + "://" + host + (port == null ? "" : ":" + port) + "/" + database;
    }

    private static @Nullable String text(ConnectionFactoryOptions options, Option<?> option) {
        Object value = options.getValue(option);
        return value == null ? null : value.toString();
    }
}
