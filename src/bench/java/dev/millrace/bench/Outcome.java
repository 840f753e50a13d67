package dev.millrace.bench;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What became of the requests of one turn. Written by one thread, read when the turn is over. */
final class Outcome {

    static final int OK = 200;
    static final int OVERLOADED = 503;

    private final @Nullable Histogram[] latencies = new Histogram[600];
    private Instant start = Instant.EPOCH;
    private Duration duration = Duration.ZERO;
    private long paidInTime;
    private long broken;
    private long unsent;

    void begin(Instant at) {
        start = at;
    }

    /**
     * @param nanos since the request was due
     * @param inTime whether the turn was not over yet: what comes later does not count for the rate
     */
    void record(int status, long nanos, boolean inTime) {
        Histogram latency = latencies[status];
        if (latency == null) {
            latency = new Histogram(3);
            latencies[status] = latency;
        }
        latency.recordValue(Math.max(nanos / 1_000, 1));
        if (status == OK && inTime) {
            paidInTime++;
        }
    }

    void recordBroken() {
        broken++;
    }

    void recordUnsent() {
        unsent++;
    }

    void end(Duration took) {
        duration = took;
    }

    Instant start() {
        return start;
    }

    /** How many requests got that status, those included that were answered when the turn was over. */
    long count(int status) {
        return latency(status).getTotalCount();
    }

    /** How many requests got an answer. */
    long answers() {
        return countByStatus().values().stream().mapToLong(Long::longValue).sum();
    }

    long payments() {
        return count(OK);
    }

    /** Payments per second. */
    double perSecond() {
        return paidInTime * 1e9 / duration.toNanos();
    }

    /** In microseconds, from when the request was due to the end of its answer. */
    Histogram latency(int status) {
        Histogram latency = latencies[status];
        return latency == null ? new Histogram(3) : latency;
    }

    double millis(int status, double percentile) {
        return latency(status).getValueAtPercentile(percentile) / 1_000.0;
    }

    /** Requests for which no connection was free in time. */
    long unsent() {
        return unsent;
    }

    long broken() {
        return broken;
    }

    /** Fails if anything but a payment was answered, or a connection was lost: then the figures mean nothing. */
    Outcome requireOnlyPayments() {
        if (broken > 0 || payments() == 0 || countByStatus().size() > 1) {
            throw new IllegalStateException(toString());
        }
        return this;
    }

    @Override
    public String toString() {
        return "Answers: %s, %d broken connections, %d not sent".formatted(countByStatus(), broken, unsent);
    }

    private Map<Integer, Long> countByStatus() {
        Map<Integer, Long> answers = new TreeMap<>();
        IntStream.range(0, latencies.length)
                .filter(status -> latencies[status] != null)
                .forEach(status -> answers.put(status, count(status)));
        return answers;
    }
}
