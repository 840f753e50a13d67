package dev.millrace.bench;

/** One question that the benchmark answers. */
interface Scenario {

    /** What it is asked for by, as in {@code -Dbench.only=payments}. */
    String name();

    /** Measures, and leaves its figures, ratios and charts with the workbench. */
    void run(Workbench bench) throws Exception;
}
