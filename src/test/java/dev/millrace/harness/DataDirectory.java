package dev.millrace.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a test's database file lies. */
public final class DataDirectory {

    private DataDirectory() {}

    /** A new directory that a clean build removes. */
    public static Path create() {
        try {
            return Files.createTempDirectory(Files.createDirectories(Path.of("target", "test-data")), "data-")
                    .toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
