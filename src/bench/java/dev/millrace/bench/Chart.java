package dev.millrace.bench;

/** A drawing for the page. */
interface Chart {

    String title();

    /** What it means, and what it does not. */
    String note();

    /** Drawn by the styles of the page, so that it fits a light and a dark one. */
    String svg();

    /** What a bar or a line stands for, and so its colour. */
    enum Tone {
        MILLRACE,
        COMPARED,
        LIMIT;

        String css() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
