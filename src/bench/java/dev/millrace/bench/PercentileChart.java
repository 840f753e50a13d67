package dev.millrace.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import lombok.Getter;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Accessors;
import org.HdrHistogram.Histogram;

/**
 * How long the slowest waited: from left to right ever fewer of them, by powers of ten, upwards the milliseconds, by powers of
 * ten, too.
 */
@RequiredArgsConstructor
final class PercentileChart implements Chart {

    private static final int WIDTH = 760;
    private static final int HEIGHT = 340;
    private static final int LEFT = 70;
    private static final int RIGHT = 40;
    private static final int TOP = 40;
    private static final int BOTTOM = 40;
    private static final int STEPS = 120;

    @Getter
    @Accessors(fluent = true)
    private final String title;

    @Getter
    @Accessors(fluent = true)
    private final String note;

    private final List<Line> lines = new ArrayList<>();

    private record Line(Tone tone, String label, Histogram micros) {}

    /** What never happened gets no line. */
    PercentileChart line(Tone tone, String label, Histogram micros) {
        if (micros.getTotalCount() > 0) {
            lines.add(new Line(tone, label, micros));
        }
        return this;
    }

    @Override
    public String svg() {
        long most = lines.stream()
                .mapToLong(line -> line.micros().getTotalCount())
                .max()
                .orElse(1);
        Axes axes = new Axes(nines(most), lowest(), highest());
        StringBuilder svg = new StringBuilder(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">".formatted(WIDTH, HEIGHT, title));
        svg.append(axes.svg());
        for (int i = 0; i < lines.size(); i++) {
            svg.append(axes.path(lines.get(i)));
            svg.append(legend(lines.get(i), i));
        }
        return svg.append("</svg>").toString();
    }

    /** As many nines as that many samples can tell anything about. */
    private static double nines(long samples) {
        return Math.max(Math.log10(samples), 2);
    }

    private int lowest() {
        return (int) Math.floor(lines.stream()
                .mapToDouble(line -> Math.log10(Math.max(line.micros().getMinValue(), 1) / 1_000.0))
                .min()
                .orElse(0));
    }

    private int highest() {
        return (int) Math.ceil(lines.stream()
                .mapToDouble(line -> Math.log10(Math.max(line.micros().getMaxValue(), 1) / 1_000.0))
                .max()
                .orElse(1));
    }

    private static String legend(Line line, int number) {
        int x = LEFT + number * 220;
        return "<rect class=\"%s\" x=\"%d\" y=\"8\" width=\"12\" height=\"12\" rx=\"3\"/><text x=\"%d\" y=\"14\">%s</text>"
                .formatted(line.tone().css(), x, x + 18, line.label());
    }

    /**
     * @param nines powers of ten to the right: 1 is the 90th percentile, 2 the 99th
     * @param lowest power of ten of the milliseconds at the bottom
     * @param highest power of ten of the milliseconds at the top
     */
    private record Axes(double nines, int lowest, int highest) {

        String svg() {
            StringBuilder svg = new StringBuilder();
            for (int power = lowest; power <= highest; power++) {
                svg.append(line(LEFT, y(power), WIDTH - RIGHT, y(power)));
                svg.append(text("end", LEFT - 8, y(power), trimmed(Math.pow(10, power)) + " ms"));
            }
            for (double percentile : new double[] {50, 90, 99, 99.9, 99.99}) {
                double x = x(percentile);
                if (x <= WIDTH - RIGHT) {
                    svg.append(line(x, TOP, x, HEIGHT - BOTTOM));
                    svg.append(text("middle", x, HEIGHT - BOTTOM + 16, "p" + trimmed(percentile)));
                }
            }
            return svg.toString();
        }

        String path(Line line) {
            StringBuilder path = new StringBuilder();
            double last = Math.min(nines, PercentileChart.nines(line.micros().getTotalCount()));
            for (int step = 0; step <= STEPS; step++) {
                double percentile = 100 - 100 / Math.pow(10, last * step / STEPS);
                double millis = Math.max(line.micros().getValueAtPercentile(percentile), 1) / 1_000.0;
                path.append(String.format(
                        Locale.ROOT, "%s%.1f %.1f", step == 0 ? "M" : "L", x(percentile), y(Math.log10(millis))));
            }
            return "<path class=\"%s\" d=\"%s\"><title>%s</title></path>"
                    .formatted(line.tone().css(), path, line.label());
        }

        private double x(double percentile) {
            return LEFT + -Math.log10(1 - percentile / 100) / nines * (WIDTH - LEFT - RIGHT);
        }

        private double y(double power) {
            return HEIGHT - BOTTOM - (power - lowest) / Math.max(highest - lowest, 1) * (HEIGHT - TOP - BOTTOM);
        }

        private static String line(double x1, double y1, double x2, double y2) {
            return String.format(
                    Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x1, y1, x2, y2);
        }

        private static String text(String anchor, double x, double y, String text) {
            return String.format(
                    Locale.ROOT, "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>", anchor, x, y, text);
        }

        private static String trimmed(double number) {
            return number == Math.rint(number) ? String.valueOf((int) number) : String.valueOf(number);
        }
    }
}
