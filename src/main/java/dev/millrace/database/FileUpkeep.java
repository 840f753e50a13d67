package dev.millrace.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the database file small while it is written to.
 *
 * <p>Each checkpoint writes the pages it changed to a new place, and the old place is used again once nothing in it is alive.
 * H2 moves the last live pages out of such places by itself, but hardly while checkpoints follow each other closely; so this
 * does it between two of them: a bounded piece of work, now and then. It reaches for H2's store, which SQL does not
 * show.
 *
 * <p>To be used by one thread, which may block.
 */
@Slf4j
@RequiredArgsConstructor
final class FileUpkeep implements Runnable {

    /** How long the file is left alone between two moves. */
    private static final Duration REST = Duration.ofMillis(500);

    /** How full the places must be on the whole, in percent, for nothing to be done. */
    private static final int FULL_ENOUGH = 70;

    /** How much is moved at a time, in bytes. */
    private static final int MOVED = 4 * 1024 * 1024;

    private final MigrationConnection database;
    private final Clock clock;
    private @Nullable Connection connection;
    private Instant nextMove = Instant.MIN;

    /** Moves some live pages together, if the last time is a while ago; what goes wrong is logged and changes nothing. */
    @Override
    public void run() {
        if (clock.instant().isBefore(nextMove)) {
            return;
        }
        try {
            store().compact(FULL_ENOUGH, MOVED);
        } catch (SQLException | RuntimeException e) {
            log.warn("The database file could not be tidied", e);
        }
        nextMove = clock.instant().plus(REST);
    }

    private MVStore store() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = DriverManager.getConnection(database.jdbcUrl(), database.username(), database.password());
            connection = open;
        }
        SessionLocal session = (SessionLocal) open.unwrap(JdbcConnection.class).getSession();
        return session.getDatabase().getStore().getMvStore();
    }
}
