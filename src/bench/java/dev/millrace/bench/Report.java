package dev.millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lombok.Getter;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Accessors;

/** All that a run has found out: the figures of its rounds, their ratios, and charts of them. */
@Getter
@Accessors(fluent = true)
@RequiredArgsConstructor
final class Report {

    private final Rounds rounds;
    private final List<Ratio> ratios = new ArrayList<>();
    private final List<Chart> charts = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    void ratio(String name, String figure, String by) {
        ratios.add(new Ratio(name, rounds.median(figure), rounds.median(by)));
    }

    void chart(Chart chart) {
        charts.add(chart);
    }

    /** Something that whoever reads the figures must know. */
    void note(String text) {
        notes.add(text);
    }

    /** The table to the console and to a file as Markdown; and a page to look at. */
    void write(Path directory, Map<String, String> environment) throws IOException {
        String table = table(environment);
        Files.writeString(directory.resolve("README.md"), table);
        Path page = directory.resolve("index.html");
        Files.writeString(page, new Page(this, environment).html());
        System.out.printf("%n%s%nWritten to %s%n", table, page.toAbsolutePath());
    }

    private String table(Map<String, String> environment) {
        StringBuilder table = new StringBuilder("| ratio | | made from |\n| --- | ---: | ---: |\n");
        for (Ratio ratio : ratios) {
            table.append("| %s | %s | %s |\n".formatted(ratio.name(), ratio.text(), ratio.detail()));
        }
        table.append("\n| figure | median | lowest | highest |\n| --- | ---: | ---: | ---: |\n");
        for (String figure : rounds.figures()) {
            table.append("| %s | %s | %s | %s |\n"
                    .formatted(
                            figure,
                            Rounds.plain(rounds.median(figure)),
                            Rounds.plain(rounds.lowest(figure)),
                            Rounds.plain(rounds.highest(figure))));
        }
        table.append("\n");
        notes.forEach(note -> table.append("- %s\n".formatted(note)));
        environment.forEach((name, value) -> table.append("- %s: %s\n".formatted(name, value)));
        return table.toString();
    }
}
