package dev.millrace.bench;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import lombok.RequiredArgsConstructor;

/** All that happens from the first request to the last answer, on one thread. Whatever is due before the end is sent, however late. */
@RequiredArgsConstructor
final class Turn {

    private static final long SHORTEST_WAIT = 50_000;

    private final EventLoop thread;
    private final Orders orders;
    private final Pace pace;
    private final Duration duration;
    private final Outcome outcome = new Outcome();
    private final Deque<Client> free = new ArrayDeque<>();
    private final CompletableFuture<Outcome> over = new CompletableFuture<>();
    private int waiting;
    private long next;
    private long start;
    private long end;
    private boolean begun;
    private boolean alarmed;

    /** Comes when the last answer has come. */
    CompletableFuture<Outcome> begin() {
        thread.execute(() -> {
            outcome.begin(Instant.now());
            start = System.nanoTime();
            end = duration.toNanos();
            begun = true;
            proceed();
            thread.schedule(this::proceed, end, TimeUnit.NANOSECONDS);
        });
        return over;
    }

    void connected(Client client) {
        free.push(client);
    }

    void answered(Client client, int status) {
        long elapsed = elapsed();
        outcome.record(status, elapsed - client.due(), elapsed <= end);
        if (status != Outcome.OK) {
            orders.giveBack(client.order());
        }
        free.push(client);
        waiting--;
        proceed();
    }

    void disconnected(Client client, boolean waits) {
        free.remove(client);
        if (waits) {
            outcome.recordBroken();
            waiting--;
            proceed();
        }
    }

    void failed(Throwable cause) {
        over.completeExceptionally(cause);
    }

    private void proceed() {
        if (begun) {
            send();
            if (waiting == 0 && elapsed() >= end && !over.isDone()) {
                outcome.end(Duration.ofNanos(end));
                over.complete(outcome);
            }
        }
    }

    private void send() {
        while (!free.isEmpty()) {
            long elapsed = elapsed();
            long due = pace.due(next, elapsed);
            if (due >= end) {
                return;
            }
            if (due > elapsed) {
                wakeUpIn(due - elapsed);
                return;
            }
            next++;
            if (elapsed - due > pace.patience()) {
                outcome.recordUnsent();
            } else if (!sendOne(due)) {
                end = elapsed;
                return;
            }
        }
    }

    private boolean sendOne(long due) {
        long order = orders.take();
        if (order == Orders.NONE) {
            return false;
        }
        waiting++;
        free.pop().send(order, due);
        return true;
    }

    private void wakeUpIn(long nanos) {
        if (!alarmed) {
            alarmed = true;
            thread.schedule(this::wakeUp, Math.max(nanos, SHORTEST_WAIT), TimeUnit.NANOSECONDS);
        }
    }

    private void wakeUp() {
        alarmed = false;
        proceed();
    }

    private long elapsed() {
        return System.nanoTime() - start;
    }
}
