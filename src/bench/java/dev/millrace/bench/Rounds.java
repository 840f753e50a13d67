package dev.millrace.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What the rounds measured, by the name of the figure. */
final class Rounds {

    private final Map<String, List<Double>> measured = new LinkedHashMap<>();

    void begin(int round) {
        System.out.printf(" round %d%n", round);
    }

    void add(String figure, double value) {
        measured.computeIfAbsent(figure, first -> new ArrayList<>()).add(value);
        System.out.printf("  %-66s %s%n", figure, plain(value));
    }

    Set<String> figures() {
        return measured.keySet();
    }

    /** One value for each round in which it was measured. */
    List<Double> of(String figure) {
        return measured.getOrDefault(figure, List.of());
    }

    double median(String figure) {
        return median(of(figure));
    }

    double lowest(String figure) {
        return of(figure).stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    double highest(String figure) {
        return of(figure).stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** As many digits as mean something. */
    static String plain(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    }
}
