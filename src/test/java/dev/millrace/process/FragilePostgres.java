package dev.millrace.process;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A PostgreSQL of a test's own, which can crash and come back on the same port with the same data. */
final class FragilePostgres implements AutoCloseable {

    private final Path data;
    private EmbeddedPostgres server;

    private FragilePostgres(Path data, int port) throws IOException {
        this.data = data;
        this.server = start(port);
    }

    static FragilePostgres in(Path data) throws IOException {
        return new FragilePostgres(data, 0);
    }

    /** The arguments that put a service on it. */
    List<String> arguments() {
        return List.of(
                "--spring.r2dbc.url=r2dbc:postgresql://localhost:%d/postgres".formatted(server.getPort()),
                "--spring.r2dbc.username=postgres",
                "--spring.r2dbc.password=postgres");
    }

    /** Ends it as {@code pg_ctl stop -m immediate} does: no transaction is finished, nobody is told. */
    void crash() throws Exception {
        String pid = Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip();
        ProcessHandle postmaster = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
        new ProcessBuilder("kill", "-QUIT", pid).inheritIO().start().waitFor();
        postmaster.onExit().get(10, TimeUnit.SECONDS);
    }

    /** Starts it again after a crash. */
    void restart() throws IOException {
        int port = server.getPort();
        server.close();
        server = start(port);
    }

    /** Cuts every connection to it, whatever is being done on it. */
    void cutConnections() throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private EmbeddedPostgres start(int port) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPort(port)
                .setServerConfig("synchronous_commit", "on")
                .start();
    }
}
