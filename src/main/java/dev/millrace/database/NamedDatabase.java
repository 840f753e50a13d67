package dev.millrace.database;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProperties;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * The PostgreSQL that the configuration names by its R2DBC URL. What the URL says wins over the other properties.
 *
 * <p>Options that would lead the migrations elsewhere than the service, or that nobody knows, are refused.
 */
final class NamedDatabase {

    static final String DRIVER = "postgresql";

    /** Options that the migrations need too, and what they are called there. */
    static final Map<String, String> SHARED_WITH_MIGRATIONS = Map.ofEntries(
            Map.entry("applicationName", "ApplicationName"),
            Map.entry("currentSchema", "currentSchema"),
            Map.entry("schema", "currentSchema"),
            Map.entry("ssl", "ssl"),
            Map.entry("sslCert", "sslcert"),
            Map.entry("sslKey", "sslkey"),
            Map.entry("sslMode", "sslmode"),
            Map.entry("sslmode", "sslmode"),
            Map.entry("sslNegotiation", "sslNegotiation"),
            Map.entry("sslPassword", "sslpassword"),
            Map.entry("sslRootCert", "sslrootcert"),
            Map.entry("tcpKeepAlive", "tcpKeepAlive"));

    /** Options of the service's own connections, which say nothing about where or how safely they lead. */
    private static final Set<String> OWN = Set.of(
            "connectTimeout",
            "errorResponseLogLevel",
            "fetchSize",
            "forceBinary",
            "hostRecheckTime",
            "loadBalanceHosts",
            "lockWaitTimeout",
            "noticeLogLevel",
            "options",
            "preparedStatementCacheQueries",
            "statementTimeout",
            "targetServerType",
            "tcpNoDelay");

    private NamedDatabase() {}

    static ConnectionFactoryOptions of(String url, R2dbcProperties properties) {
        requireKnown(optionsIn(url));
        requireKnown(properties.getProperties().keySet());
        ConnectionFactoryOptions named = ConnectionFactoryOptions.parse(url);
        requireDriver(named);

        ConnectionFactoryOptions.Builder options = named.mutate();
        properties.getProperties().forEach((name, value) -> addIfAbsent(options, named, name, value));
        add(options, ConnectionFactoryOptions.USER, properties.getUsername());
        add(options, ConnectionFactoryOptions.PASSWORD, properties.getPassword());
        return options.build();
    }

    private static Set<String> optionsIn(String url) {
        int query = url.indexOf('?');
        return query < 0
                ? Set.of()
                : UriComponentsBuilder.fromUriString(url.substring(query))
                        .build()
                        .getQueryParams()
                        .keySet();
    }

    private static void requireKnown(Set<String> names) {
        Set<String> unknown = new TreeSet<>(names);
        unknown.removeAll(SHARED_WITH_MIGRATIONS.keySet());
        unknown.removeAll(OWN);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("The database is named with options that are not supported: " + unknown);
        }
    }

    private static void requireDriver(ConnectionFactoryOptions named) {
        Object driver = named.getValue(ConnectionFactoryOptions.DRIVER);
        if (!DRIVER.equals(driver)) {
            throw new IllegalArgumentException("spring.r2dbc.url names a database of the kind '" + driver
                    + "'; it has to be r2dbc:postgresql://host:port/database, or missing for the embedded one");
        }
    }

    private static void addIfAbsent(
            ConnectionFactoryOptions.Builder options, ConnectionFactoryOptions named, String name, String value) {
        Option<Object> option = Option.valueOf(name);
        if (!named.hasOption(option)) {
            options.option(option, value);
        }
    }

    private static <T> void add(ConnectionFactoryOptions.Builder options, Option<T> option, @Nullable T value) {
        if (value != null) {
            options.option(option, value);
        }
    }
}
