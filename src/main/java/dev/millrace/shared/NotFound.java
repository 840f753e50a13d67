package dev.millrace.shared;

/** There is no such thing, or it is not the asker's. */
public final class NotFound extends Refusal {

    private NotFound(String code, String detail) {
        super(Kind.UNKNOWN, code, detail);
    }

    /** Refuses with the code {@code <thing>-not-found}. */
    public static NotFound of(String thing, Object id) {
        return new NotFound(thing + "-not-found", "There is no " + thing + " " + id + ".");
    }
}
