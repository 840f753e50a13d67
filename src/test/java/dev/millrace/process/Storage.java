package dev.millrace.process;

import dev.millrace.harness.Postgres;
import java.nio.file.Path;
import java.util.List;

/** What a service keeps its data in; it outlives the service. */
enum Storage {
    EMBEDDED {
        @Override
        List<String> create(Path directory) {
            return List.of("--millrace.data-dir=" + directory);
        }
    },

    POSTGRESQL {
        @Override
        List<String> create(Path directory) {
            return on(Postgres.freshDatabase());
        }
    };

    /** The arguments that put a service on the database. */
    static List<String> on(Postgres.Database database) {
        return database.properties().stream().map("--"::concat).toList();
    }

    /** Something new and empty, which the directory may be used for, as the arguments that put a service on it. */
    abstract List<String> create(Path directory);
}
