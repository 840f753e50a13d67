package dev.millrace.shared;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * How later steps of an order shall fail, so that anyone can watch a failure path: {@code confirm=transient*2}, {@code
 * export=permanent}. It travels with the order's events, and is never there unless {@code millrace.faults.enabled}.
 *
 * @param text as it was sent; null for no plan
 * @param attempt which attempt at the step this is, from 1, those before a re-drive included
 */
public record FaultPlan(@Nullable String text, int attempt) {

    public static final FaultPlan NONE = new FaultPlan(null, 0);

    /** As much as is stored with an event. */
    private static final int MAX_LENGTH = 255;

    private static final Pattern FAULT = Pattern.compile(
            "(?:(confirm|export|ranking)=(transient|timeout|permanent)|(crash)=(after-commit))(?:\\*(\\d{1,6}))?");

    /** One fault, and how many attempts it spoils: as many as it says, or all; a permanent one, which is not repeated, one. */
    public record Fault(String step, String kind, int times) {}

    /** A plan as a client sends it; anything that is not one is refused. */
    public static FaultPlan sent(String text) {
        Arrays.stream(text.split(",", -1))
                .forEach(part -> parse(part).orElseThrow(() -> InvalidRequest.at("X-Fault", "is not a fault plan")));
        if (text.length() > MAX_LENGTH) {
            throw InvalidRequest.at("X-Fault", "must not be longer than " + MAX_LENGTH);
        }
        return new FaultPlan(text, 0);
    }

    /** A plan as it was stored with an event. */
    public static FaultPlan stored(@Nullable String text, int attempt) {
        return new FaultPlan(text, attempt);
    }

    public static FaultPlan in(ContextView context) {
        return context.<FaultPlan>getOrEmpty(FaultPlan.class).orElse(NONE);
    }

    public Context addTo(Context context) {
        return text == null ? context.delete(FaultPlan.class) : context.put(FaultPlan.class, this);
    }

    /** The fault that is planned for this attempt at the step. */
    public Optional<Fault> faultAt(String step) {
        return Optional.ofNullable(text).stream()
                .flatMap(plan -> Arrays.stream(plan.split(",")))
                .flatMap(part -> parse(part).stream())
                .filter(fault -> fault.step().equals(step) && attempt <= fault.times())
                .findFirst();
    }

    private static Optional<Fault> parse(String part) {
        Matcher fault = FAULT.matcher(part.strip());
        if (!fault.matches()) {
            return Optional.empty();
        }
        String step = fault.group(1) == null ? fault.group(3) : fault.group(1);
        String kind = fault.group(2) == null ? fault.group(4) : fault.group(2);
        int untold = kind.equals("permanent") ? 1 : Integer.MAX_VALUE;
        int times = fault.group(5) == null ? untold : Integer.parseInt(fault.group(5));
        return Optional.of(new Fault(step, kind, times));
    }
}
