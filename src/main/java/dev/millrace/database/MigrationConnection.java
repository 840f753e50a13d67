package dev.millrace.database;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.stream.Collectors;
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
                NamedDatabase.DRIVER.equals(text(options, ConnectionFactoryOptions.DRIVER))
                        ? postgresqlUrl(options)
                        : h2Url(options),
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

    /** Never with its URL, which may say how a key is unlocked. */
    @Override
    public String toString() {
        return "MigrationConnection";
    }

    private static String h2Url(ConnectionFactoryOptions options) {
        return "jdbc:h2:" + text(options, ConnectionFactoryOptions.PROTOCOL)
                + ":" + text(options, ConnectionFactoryOptions.DATABASE)
                + ";" + text(options, EmbeddedDatabase.SETTINGS);
    }

    /** Of several hosts, the one that can be written to. */
    private static String postgresqlUrl(ConnectionFactoryOptions options) {
        String port = text(options, ConnectionFactoryOptions.PORT);
        return "jdbc:postgresql://" + text(options, ConnectionFactoryOptions.HOST)
                + (port == null ? "" : ":" + port)
                + "/" + encode(String.valueOf(text(options, ConnectionFactoryOptions.DATABASE)))
                + "?targetServerType=primary" + sharedOptions(options);
    }

    private static String sharedOptions(ConnectionFactoryOptions options) {
        return new TreeMap<>(NamedDatabase.SHARED_WITH_MIGRATIONS)
                .entrySet().stream()
                        .filter(option -> text(options, Option.valueOf(option.getKey())) != null)
                        .map(option -> "&" + option.getValue() + "="
                                + encode(String.valueOf(text(options, Option.valueOf(option.getKey())))))
                        .collect(Collectors.joining());
    }

    private static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private static @Nullable String text(ConnectionFactoryOptions options, Option<?> option) {
        Object value = options.getValue(option);
        return value == null ? null : value.toString();
    }
}
