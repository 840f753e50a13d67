package dev.millrace.shared;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import lombok.Getter;
import lombok.experimental.Accessors;

/**
 * An expected "no": the service understood what was asked and declines, leaving everything as it was.
 *
 * <p>Each feature has its own subclasses; clients rely on the code, which never changes. What the code means over HTTP is
 * decided by {@link Problem} alone, from the kind.
 */
@Getter
@Accessors(fluent = true)
public abstract class Refusal extends RuntimeException {

    /** Why something is refused, in words that every feature shares. */
    public enum Kind {
        /** What was sent makes no sense, whatever the state of things. */
        INVALID,
        /** The money is not there. */
        UNAFFORDABLE,
        /** There is no such thing, or it is not the asker's. */
        UNKNOWN,
        /** The state of things forbids it. */
        CONFLICT,
        /** It contradicts what is known. */
        CONTRADICTION,
        /** Not now; the same request may succeed a moment later. */
        BUSY
    }

    private final Kind kind;
    private final String code;
    private final String detail;
    private final Map<String, Object> figures = new LinkedHashMap<>();

    protected Refusal(Kind kind, String code, String detail) {
        super(code + ": " + detail, null, false, false);
        this.kind = kind;
        this.code = code;
        this.detail = detail;
    }

    /** What a client needs to act on the refusal, by the names of the contract. */
    public final Map<String, Object> figures() {
        return Collections.unmodifiableMap(figures);
    }

    protected final void figure(String name, Object value) {
        figures.put(name, value);
    }
}
