package dev.millrace.event;

/** No repetition will mend this. The message is for the operator, and the same for failures of the same cause. */
public class PermanentFailure extends RuntimeException {

    public PermanentFailure(String message) {
        super(message, null, false, false);
    }
}
