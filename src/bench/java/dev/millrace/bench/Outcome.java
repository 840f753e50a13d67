package dev.millrace.bench;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** What became of the requests of one turn. Written by one thread, read when the turn is over. */
final class Outcome {

    private static final int OK = 200;

    private final Map<Integer, Long> answers = new TreeMap<>();
    private final Histogram latency = new Histogram(3);
    private Duration duration = Duration.ZERO;
    private long inTime;
    private long broken;

    /** @param beforeEnd whether it was answered before the turn was over: what comes later does not count for the rate */
    void record(int status, long nanos, boolean beforeEnd) {
        answers.merge(status, 1L, Long::sum);
        latency.recordValue(Math.max(nanos / 1_000, 1));
        if (beforeEnd) {
            inTime++;
        }
    }

    void recordBroken() {
        broken++;
    }

    void end(Duration took) {
        duration = took;
    }

    /** Payments, those included that were answered when the turn was over. */
    long payments() {
        return answers.getOrDefault(OK, 0L);
    }

    double perSecond() {
        return inTime * 1e9 / duration.toNanos();
    }

    /** The median in milliseconds, from sending a request to the end of its answer. */
    double medianMillis() {
        return latency.getValueAtPercentile(50) / 1_000.0;
    }

    /** Fails if anything but a payment was answered, or a connection was lost: then the figures mean nothing. */
    Outcome requireOnlyPayments() {
        if (broken > 0 || payments() == 0 || answers.size() > 1) {
            throw new IllegalStateException("Answers: %s, and %d broken connections".formatted(answers, broken));
        }
        return this;
    }
}
