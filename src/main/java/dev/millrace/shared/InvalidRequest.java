package dev.millrace.shared;

import java.util.List;

/** The request cannot be understood; nothing was tried. */
public final class InvalidRequest extends Refusal {

    /** One thing that is wrong: a JSON Pointer in URI fragment form (RFC 6901, section 6) and a sentence. */
    public record Fault(String pointer, String message) {}

    private InvalidRequest(String code, String detail) {
        super(Kind.INVALID, code, detail);
    }

    public static InvalidRequest withFaults(List<Fault> faults) {
        InvalidRequest refusal = new InvalidRequest("validation-failed", "The request has fields that are not valid.");
        refusal.figure("errors", faults);
        return refusal;
    }

    public static InvalidRequest at(String field, String message) {
        return withFaults(List.of(new Fault("#/" + field, message)));
    }

    public static InvalidRequest malformedJson(String detail) {
        return new InvalidRequest("malformed-json", detail);
    }

    public static InvalidRequest invalidCursor() {
        return new InvalidRequest("invalid-cursor", "The cursor does not belong to this list and these filters.");
    }

    public static InvalidRequest idempotencyKeyMissing() {
        return new InvalidRequest("idempotency-key-missing", "An Idempotency-Key header is required.");
    }

    public static InvalidRequest idempotencyKeyInvalid() {
        return new InvalidRequest(
                "idempotency-key-invalid", "An Idempotency-Key has 1 to 255 visible ASCII characters.");
    }
}
