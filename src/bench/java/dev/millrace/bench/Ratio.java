package dev.millrace.bench;

/** How one figure stands to another one of the same run. */
record Ratio(String name, double figure, double by) {

    double value() {
        return figure / by;
    }

    String text() {
        return Rounds.plain(value());
    }

    /** What it was made from. */
    String detail() {
        return Rounds.plain(figure) + " / " + Rounds.plain(by);
    }
}
