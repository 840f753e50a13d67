package dev.millrace.event;

import dev.millrace.event.AttemptRepository.Outcome;
import dev.millrace.event.KafkaRecordSender.Sent;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Sends what has been recorded to Kafka. That an event is yet to be sent is a delivery like any other, to a handler that is
 * this relay, and is deleted when the brokers have acknowledged the record.
 *
 * <p>Promised: every event is sent at least once, and the first records of one aggregate's events stand in their order: an
 * event is sent only once the one before it is acknowledged. One batch is under way at a time, so that a backlog of any length
 * takes the same memory. Not promised: that a record is sent only once.
 */
@Slf4j
@RequiredArgsConstructor
final class KafkaRelay {

    /** Its name among those who are owed deliveries. */
    static final String HANDLER = "relay";

    private static final int BATCH = 500;
    private static final Duration LATER = Duration.ofSeconds(1);
    private static final String NO_ANSWER = "not acknowledged by Kafka";

    private final DeliveryQueue queue;
    private final DeliveryRepository deliveries;
    private final AttemptRepository attempts;
    private final KafkaRecordSender sender;
    private final TransactionalOperator tx;
    private final BusProperties properties;
    private final Clock clock;
    private final Nudges nudges = new Nudges();

    private record Round(Sent sent, boolean complete) {}

    /** Says that there is something to send. */
    void nudge() {
        nudges.nudge(HANDLER);
    }

    /** Relays until the stop, and then to the end of the batch in hand. */
    Mono<Void> run(Mono<Void> stop) {
        return KafkaTurns.until(
                        stop,
                        nudges.turns(properties.sweepInterval(), () -> Set.of(HANDLER))
                                .map(turn -> relay().onErrorResume(this::skip)))
                .then();
    }

    /** Sends one batch; if more is due, the next turn comes at once. */
    private Mono<Void> relay() {
        return claim().filter(batch -> !batch.isEmpty())
                .flatMap(batch -> holding(batch, send(batch)).flatMap(sent -> settle(batch, sent)));
    }

    private Mono<List<Delivery>> claim() {
        return Mono.defer(() -> queue.findDue(HANDLER, BATCH, clock.instant()))
                .filter(due -> !due.isEmpty())
                .flatMap(due -> sender.reach().then(claim(due)));
    }

    /** In a transaction, which ends only when what was read before it is on disk too: the world is told nothing before. */
    private Mono<List<Delivery>> claim(List<Delivery> due) {
        return Mono.defer(() -> queue.claim(due, properties.instance(), clock.instant(), leaseEnd()))
                .flatMap(claimed -> claimed.size() == due.size() ? Mono.just(claimed) : keepQueues(due, claimed))
                .as(tx::transactional);
    }

    /** Of an aggregate of which another instance was faster with something nothing is sent: that might be passed. */
    private Mono<List<Delivery>> keepQueues(List<Delivery> due, List<Delivery> claimed) {
        Set<UUID> ours = ids(claimed);
        Set<UUID> shared = due.stream()
                .filter(delivery -> !ours.contains(delivery.id()))
                .map(KafkaRelay::aggregateOf)
                .collect(Collectors.toSet());
        return postpone(those(claimed, each -> shared.contains(aggregateOf(each))), "another instance was faster")
                .thenReturn(those(claimed, each -> !shared.contains(aggregateOf(each))));
    }

    /** Round by round; where one is not taken as a whole, nothing that comes after it is sent. */
    private Mono<Sent> send(List<Delivery> batch) {
        return Flux.fromIterable(rounds(batch))
                .concatMap(round -> sender.send(round).map(sent -> new Round(sent, sent.hasAllOf(round))), 1)
                .takeUntil(round -> !round.complete())
                .collect(Sent::nothing, (all, round) -> all.add(round.sent()));
    }

    /** Splits the batch so that no aggregate has two in one round, in their order. */
    static List<List<Delivery>> rounds(List<Delivery> batch) {
        List<List<Delivery>> rounds = new ArrayList<>();
        Map<UUID, Integer> next = new HashMap<>();
        for (Delivery delivery : batch) {
            int round = next.merge(delivery.event().aggregateId(), 1, Integer::sum) - 1;
            if (round == rounds.size()) {
                rounds.add(new ArrayList<>());
            }
            rounds.get(round).add(delivery);
        }
        return rounds;
    }

    /** Renews the leases of the batch for as long as it takes. */
    private <T> Mono<T> holding(List<Delivery> batch, Mono<T> sending) {
        Mono<T> renewing = Flux.interval(properties.lease().dividedBy(3))
                .onBackpressureDrop()
                .concatMap(
                        tick -> queue.renew(ids(batch), properties.instance(), leaseEnd())
                                .as(tx::transactional)
                                .then()
                                .onErrorResume(this::skip),
                        1)
                .then(Mono.never());
        return Mono.firstWithSignal(sending, renewing);
    }

    private Mono<Void> settle(List<Delivery> batch, Sent sent) {
        List<Delivery> rest = those(batch, delivery -> !sent.taken().contains(delivery.id()));
        return acknowledge(sent.taken())
                .then(postpone(those(rest, delivery -> !isHopeless(delivery, sent)), reason(sent)))
                .thenMany(Flux.fromIterable(those(rest, delivery -> isHopeless(delivery, sent))))
                .concatMap(delivery -> giveUp(delivery, reason(sent.refused().get(delivery.id()))))
                .then(Mono.fromRunnable(() -> nudgeForMore(batch, rest)));
    }

    private static boolean isHopeless(Delivery delivery, Sent sent) {
        return sent.refused().get(delivery.id()) instanceof RecordTooLargeException;
    }

    private Mono<Void> acknowledge(Set<UUID> taken) {
        return taken.isEmpty()
                ? Mono.empty()
                : queue.acknowledgeAll(taken, properties.instance()).then();
    }

    private Mono<Void> postpone(List<Delivery> batch, String reason) {
        if (batch.isEmpty()) {
            return Mono.empty();
        }
        log.warn("{} events are sent to Kafka later: {}", batch.size(), reason);
        return queue.postponeAll(
                        ids(batch), properties.instance(), clock.instant().plus(LATER), reason)
                .then();
    }

    private Mono<Void> giveUp(Delivery delivery, String reason) {
        log.error("{} can not be sent: {}", delivery, reason);
        return deliveries
                .bury(delivery, reason)
                .filter(ours -> ours)
                .flatMap(ours -> attempts.insert(delivery, Outcome.GIVEN_UP, reason, clock.instant()))
                .as(tx::transactional);
    }

    private void nudgeForMore(List<Delivery> batch, List<Delivery> rest) {
        if (batch.size() == BATCH && rest.isEmpty()) {
            nudge();
        }
    }

    /** Why the first of those failed that did; it is mostly why all of them did. */
    private static String reason(Sent sent) {
        return sent.refused().values().stream()
                .findFirst()
                .map(KafkaRelay::reason)
                .orElse(NO_ANSWER);
    }

    private static String reason(@Nullable Throwable error) {
        return error == null ? NO_ANSWER : Failure.of(error).reason();
    }

    private Instant leaseEnd() {
        return clock.instant().plus(properties.lease());
    }

    private Mono<Void> skip(Throwable error) {
        log.warn("Nothing was sent to Kafka, and is at the next turn: {}", error.toString());
        return Mono.empty();
    }

    private static List<Delivery> those(List<Delivery> batch, Predicate<Delivery> wanted) {
        return batch.stream().filter(wanted).toList();
    }

    private static UUID aggregateOf(Delivery delivery) {
        return delivery.event().aggregateId();
    }

    private static Set<UUID> ids(List<Delivery> batch) {
        return batch.stream().map(Delivery::id).collect(Collectors.toSet());
    }
}
