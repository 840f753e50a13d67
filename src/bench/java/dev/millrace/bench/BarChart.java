package dev.millrace.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import lombok.Getter;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Accessors;

/** A bar for each variant, as long as the median of its rounds; each round is a dot. */
@RequiredArgsConstructor
final class BarChart implements Chart {

    private static final int WIDTH = 760;
    private static final int LABEL = 250;
    private static final int LONGEST = WIDTH - LABEL - 80;
    private static final int ROW = 30;

    @Getter
    @Accessors(fluent = true)
    private final String title;

    @Getter
    @Accessors(fluent = true)
    private final String note;

    private final List<Bar> bars = new ArrayList<>();

    /** What was not measured in this run gets no bar. */
    BarChart bar(Tone tone, String label, List<Double> rounds) {
        if (!rounds.isEmpty()) {
            bars.add(new Bar(tone, label, rounds));
        }
        return this;
    }

    @Override
    public String svg() {
        double most = bars.stream().mapToDouble(Bar::most).max().orElse(1);
        StringBuilder svg = new StringBuilder("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
                .formatted(WIDTH, bars.size() * ROW, title));
        for (int i = 0; i < bars.size(); i++) {
            svg.append(bars.get(i).svg(i * ROW, LONGEST / most));
        }
        return svg.append("</svg>").toString();
    }

    private record Bar(Tone tone, String label, List<Double> rounds) {

        double median() {
            return Rounds.median(rounds);
        }

        double most() {
            return rounds.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        }

        String svg(int top, double scale) {
            StringBuilder svg = new StringBuilder();
            int middle = top + ROW / 2;
            svg.append("<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>".formatted(LABEL - 10, middle, label));
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\"/>",
                    tone.css(),
                    LABEL,
                    top + 4,
                    Math.max(median() * scale, 1),
                    ROW - 8));
            for (double round : rounds) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<circle cx=\"%.1f\" cy=\"%d\" r=\"2.5\"><title>%s</title></circle>",
                        LABEL + round * scale,
                        middle,
                        Rounds.plain(round)));
            }
            svg.append(String.format(
                    Locale.ROOT,
                    "<text class=\"value\" x=\"%.1f\" y=\"%d\">%s</text>",
                    LABEL + most() * scale + 8,
                    middle,
                    Rounds.plain(median())));
            return svg.toString();
        }
    }
}
