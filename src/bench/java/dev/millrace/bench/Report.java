package dev.millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lombok.RequiredArgsConstructor;

/** The table: medians, the ratios that were asked for, and what has to be known to repeat the run. */
@RequiredArgsConstructor
final class Report {

    private final Options options;
    private final Rounds rounds;
    private final StringBuilder ratios = new StringBuilder();
    private final List<String> notes = new ArrayList<>();

    void ratio(String name, String figure, String by) {
        ratios.append(row(name, rounds.median(figure) / rounds.median(by)));
    }

    /** Something that whoever reads the figures must know. */
    void note(String text) {
        notes.add(text);
    }

    /** To the console, and to a file as Markdown. */
    void write(PostgresServer server) throws IOException {
        StringBuilder table = new StringBuilder("| figure | median |\n| --- | ---: |\n");
        rounds.figures().forEach(figure -> table.append(row(figure, rounds.median(figure))));
        table.append("\n| ratio | |\n| --- | ---: |\n").append(ratios);
        table.append("\n- rounds: %d of %d s, after %d s of warming up\n"
                .formatted(
                        options.rounds(),
                        options.round().toSeconds(),
                        options.warmup().toSeconds()));
        notes.forEach(note -> table.append("- %s\n".formatted(note)));
        table.append("- machine: %d cores, %s, Java %s\n"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("java.version")));
        server.settings().forEach((name, value) -> table.append("- PostgreSQL %s: %s\n".formatted(name, value)));
        Path file = options.directory().resolve("README.md");
        Files.writeString(file, table);
        System.out.printf("%n%s%nWritten to %s%n", table, file);
    }

    private static String row(String name, double value) {
        return "| %s | %s |\n".formatted(name, Rounds.plain(value));
    }
}
