package dev.millrace.database;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;

/** The H2 file that Millrace keeps everything in unless it is given a database. */
final class EmbeddedDatabase {

    /** The driver's own option: H2 settings, separated by semicolons. */
    static final Option<String> SETTINGS = Option.valueOf("options");

    private static final String FILE = "millrace";

    /**
     * PostgreSQL's dialect, so that one SQL serves both. Freed space is used again after a second instead of 45, or the file
     * would grow with each checkpoint; the database is closed by us alone, after the last transaction.
     */
    private static final String H2 = String.join(
            ";",
            "MODE=PostgreSQL",
            "DATABASE_TO_LOWER=TRUE",
            "DEFAULT_NULL_ORDERING=HIGH",
            "LOCK_TIMEOUT=2000",
            "RETENTION_TIME=1000",
            "QUERY_CACHE_SIZE=64",
            "COMPRESS=TRUE",
            "DB_CLOSE_DELAY=-1",
            "DB_CLOSE_ON_EXIT=FALSE");

    private EmbeddedDatabase() {}

    static ConnectionFactoryOptions in(Path directory) {
        return ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "h2")
                .option(ConnectionFactoryOptions.PROTOCOL, "file")
                .option(
                        ConnectionFactoryOptions.DATABASE,
                        directory.resolve(FILE).toAbsolutePath().normalize().toString())
                .option(ConnectionFactoryOptions.USER, "sa")
                .option(ConnectionFactoryOptions.PASSWORD, "")
                .option(SETTINGS, H2)
                .build();
    }
}
