package dev.millrace.harness;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A real PostgreSQL for the tests, started once in a process and stopped with it. */
public final class Postgres {

    private static final AtomicInteger DATABASES = new AtomicInteger();

    private Postgres() {}

    /** A database on it. */
    public record Database(String name) {

        /** The three properties that put the service on this database. */
        public List<String> properties() {
            return propertiesThrough(Server.RUNNING.getPort());
        }

        /** The same by way of another port, from which somebody forwards to the server's own. */
        public List<String> propertiesThrough(int port) {
            return List.of(
                    "spring.r2dbc.url=r2dbc:postgresql://localhost:%d/%s".formatted(port, name),
                    "spring.r2dbc.username=postgres",
                    "spring.r2dbc.password=postgres");
        }

        /** The one number that the query finds, while the service is at work or down. */
        public long count(String sql) {
            try (Connection connection =
                            Server.RUNNING.getDatabase("postgres", name).getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                rows.next();
                return rows.getLong(1);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Started by whoever asks first. */
    private static final class Server {

        static final EmbeddedPostgres RUNNING = start();

        /** The library's own default would lose commits that were answered when the server is killed. */
        private static EmbeddedPostgres start() {
            try {
                return EmbeddedPostgres.builder()
                        .setServerConfig("synchronous_commit", "on")
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The port that the server listens on. */
    public static int port() {
        return Server.RUNNING.getPort();
    }

    /** A new, empty database. */
    public static Database freshDatabase() {
        String name = "test_" + DATABASES.incrementAndGet();
        execute("CREATE DATABASE " + name);
        return new Database(name);
    }

    /** Runs a statement as the server's owner. */
    public static void execute(String sql) {
        try (Connection connection = Server.RUNNING.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
