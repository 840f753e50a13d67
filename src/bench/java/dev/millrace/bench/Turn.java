package dev.millrace.bench;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import lombok.RequiredArgsConstructor;

/** All that happens from the first request to the last answer, on one thread. */
@RequiredArgsConstructor
final class Turn {

    private final EventLoop thread;
    private final Orders orders;
    private final Duration duration;
    private final Outcome outcome = new Outcome();
    private final Deque<Client> free = new ArrayDeque<>();
    private final CompletableFuture<Outcome> over = new CompletableFuture<>();
    private int waiting;
    private long start;
    private long end;
    private boolean begun;

    /** Comes when the last answer has come. */
    CompletableFuture<Outcome> begin() {
        thread.execute(() -> {
            start = System.nanoTime();
            end = start + duration.toNanos();
            begun = true;
            send();
            thread.schedule(this::finishIfAnswered, duration.toNanos(), TimeUnit.NANOSECONDS);
        });
        return over;
    }

    void connected(Client client) {
        free.push(client);
    }

    void answered(Client client, int status) {
        long now = System.nanoTime();
        outcome.record(status, now - client.sent(), now <= end);
        free.push(client);
        waiting--;
        send();
        finishIfAnswered();
    }

    void disconnected(Client client, boolean waits) {
        free.remove(client);
        if (waits) {
            outcome.recordBroken();
            waiting--;
            finishIfAnswered();
        }
    }

    void failed(Throwable cause) {
        over.completeExceptionally(cause);
    }

    private void send() {
        while (begun && !free.isEmpty() && System.nanoTime() < end) {
            long order = orders.take();
            if (order == Orders.NONE) {
                end = System.nanoTime();
                return;
            }
            waiting++;
            free.pop().send(order);
        }
    }

    private void finishIfAnswered() {
        if (waiting == 0 && System.nanoTime() >= end) {
            outcome.end(Duration.ofNanos(end - start));
            over.complete(outcome);
        }
    }
}
