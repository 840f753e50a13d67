package dev.millrace.shared;

/** More is under way than the service can finish soon, or before it stops; nothing was begun. */
public final class Overloaded extends Refusal {

    public Overloaded() {
        this("Too much is under way. Nothing was begun; try again shortly.");
    }

    private Overloaded(String detail) {
        super(Kind.BUSY, "overloaded", detail);
    }

    static Overloaded stopping() {
        return new Overloaded("The service is stopping. Nothing was begun; try again shortly.");
    }
}
