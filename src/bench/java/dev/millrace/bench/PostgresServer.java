package dev.millrace.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/** The PostgreSQL that everything is measured on: the one that was named, or an embedded one. Each run has databases of its own. */
final class PostgresServer implements AutoCloseable {

    private static final String[] TELLING = {
        "server_version",
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "shared_buffers",
        "min_wal_size",
        "max_wal_size"
    };

    /** More than are written between two checkpoints; as many as it keeps by its {@code min_wal_size}. */
    private static final int LOG_FILES = 192;

    private static final AtomicInteger DATABASES = new AtomicInteger();

    private final @Nullable EmbeddedPostgres embedded;
    private final Properties where;

    private PostgresServer(@Nullable EmbeddedPostgres embedded, Properties where) {
        this.embedded = embedded;
        this.where = where;
    }

    static PostgresServer of(Options options) throws IOException {
        Properties login = new Properties();
        login.setProperty("user", options.user());
        login.setProperty("password", options.password());
        if (!options.postgres().isEmpty()) {
            return new PostgresServer(null, Driver.parseURL(options.postgres(), login));
        }
        EmbeddedPostgres server = embedded(options.directory()
                .resolve("postgres-" + ProcessHandle.current().pid()));
        return new PostgresServer(server, Driver.parseURL(server.getJdbcUrl("postgres", "postgres"), login));
    }

    /** On the disk of the project, and as durable as a server is by default: the library switches that off for tests. */
    private static EmbeddedPostgres embedded(Path directory) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(directory)
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("shared_buffers", "512MB")
                .setServerConfig("min_wal_size", "3GB")
                .setServerConfig("max_wal_size", "4GB")
                .start();
    }

    /**
     * Warms up an embedded server: one that has run for some time writes its log over old files, and a new one first fills each with
     * zeros, 16 MiB, while every commit waits.
     *
     * @see <a href="https://www.postgresql.org/docs/current/wal-configuration.html">WAL Configuration</a>
     */
    void warmUp() {
        if (embedded == null) {
            return;
        }
        maintenance().execute("""
                DO $$
                BEGIN
                    FOR file IN 1..%d LOOP
                        PERFORM pg_logical_emit_message(FALSE, 'warming up', '');
                        PERFORM pg_switch_wal();
                    END LOOP;
                END $$
                """.formatted(LOG_FILES));
        maintenance().execute("CHECKPOINT");
    }

    Database freshDatabase(String purpose) {
        String name = "millrace_bench_%s_%d_%d"
                .formatted(purpose, ProcessHandle.current().pid(), DATABASES.incrementAndGet());
        maintenance().execute("CREATE DATABASE " + name);
        return new Database(this, name);
    }

    /** Where statistics are asked for, so that the questions do not count in the database that is measured. */
    Database maintenance() {
        return new Database(this, where.getProperty("PGDBNAME", "postgres"));
    }

    /** The settings that decide what a commit costs. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String name : TELLING) {
            settings.put(name, maintenance().text("SELECT current_setting('" + name + "')"));
        }
        return settings;
    }

    String host() {
        return where.getProperty("PGHOST");
    }

    String port() {
        return where.getProperty("PGPORT");
    }

    String user() {
        return where.getProperty("user", "postgres");
    }

    String password() {
        return where.getProperty("password", "postgres");
    }

    @Override
    public void close() throws IOException {
        if (embedded != null) {
            embedded.close();
        }
    }

    /** A database on the server. */
    record Database(PostgresServer server, String name) {

        String jdbcUrl() {
            return "jdbc:postgresql://%s:%s/%s".formatted(server.host(), server.port(), name);
        }

        /** The arguments that put a service on it. */
        List<String> arguments() {
            return List.of(
                    "--spring.r2dbc.url=r2dbc:postgresql://%s:%s/%s".formatted(server.host(), server.port(), name),
                    "--spring.r2dbc.username=" + server.user(),
                    "--spring.r2dbc.password=" + server.password());
        }

        Connection connect() throws SQLException {
            return DriverManager.getConnection(jdbcUrl(), server.user(), server.password());
        }

        void execute(String sql) {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement()) {
                statement.execute(sql);
            } catch (SQLException e) {
                throw new IllegalStateException(sql, e);
            }
        }

        long number(String sql) {
            return Long.parseLong(text(sql));
        }

        String text(String sql) {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                rows.next();
                return rows.getString(1);
            } catch (SQLException e) {
                throw new IllegalStateException(sql, e);
            }
        }

        void drop() {
            server.maintenance().execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
        }
    }
}
