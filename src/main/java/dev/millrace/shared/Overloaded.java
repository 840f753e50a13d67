package dev.millrace.shared;

/** More is under way than the service can finish soon; nothing was begun. */
public final class Overloaded extends Refusal {

    public Overloaded() {
        super(Kind.BUSY, "overloaded", "Too much is under way. Nothing was begun; try again shortly.");
    }
}
