package dev.millrace.event;

import dev.millrace.event.AttemptRepository.Outcome;
import dev.millrace.event.DeliveryAdminRepository.Dead;
import dev.millrace.shared.NotFound;
import dev.millrace.shared.Page;
import dev.millrace.shared.PageRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/**
 * Shows operators what is owed and why, and lets them send on, or drop, what was given up. Whatever they do is kept in the
 * delivery's history with their reason, in the same transaction.
 */
@Service
@RequiredArgsConstructor
class DeliveryAdminService {

    private static final int BATCH = 500;
    private static final int MAX_GROUPS = 100;
    private static final UUID BEFORE_ALL = new UUID(0, 0);

    private final DeliveryAdminRepository deliveries;
    private final AttemptRepository attempts;
    private final TransactionalOperator tx;
    private final Clock clock;

    /** A delivery with what has happened to it, oldest first, and its event as it is stored. */
    record Story(OwedDelivery delivery, List<PastAttempt> history, String payload) {}

    /** So many were found after which another search is due, or not; so many were re-driven. */
    private record Batch(List<Dead> found, long redriven) {

        boolean isLast() {
            return found.size() < BATCH;
        }

        UUID last() {
            return found.get(found.size() - 1).id();
        }
    }

    Mono<Page<OwedDelivery>> list(DeliveryFilter filter, PageRequest page) {
        return deliveries.list(filter, page).collectList().map(rows -> Page.of(rows, page, OwedDelivery::id));
    }

    Mono<List<DeliveryGroup>> group(DeliveryFilter filter) {
        return deliveries.group(filter, MAX_GROUPS).collectList();
    }

    Mono<Story> getStory(UUID id) {
        return requireDelivery(id).flatMap(this::toStory).switchIfEmpty(Mono.error(() -> NotFound.of("delivery", id)));
    }

    /** Sends a dead delivery on its way again; the sweeper finds it at once. */
    Mono<OwedDelivery> redrive(UUID id, String reason) {
        return requireDead(id)
                .delayUntil(dead -> redriveOne(dead, reason))
                .map(dead -> dead.redriven(clock.instant()))
                .as(tx::transactional);
    }

    /** Drops a dead delivery for good: its handler will never see the event. */
    Mono<OwedDelivery> discard(UUID id, String reason) {
        return requireDead(id).delayUntil(dead -> discardOne(dead, reason)).as(tx::transactional);
    }

    Mono<Long> count(DeliveryFilter filter) {
        return deliveries.count(filter);
    }

    /**
     * Sends all dead deliveries that match on their way again, and tells how many.
     *
     * <p>Each batch is a transaction of its own, so a caller that stops waiting leaves the rest as it was and can simply ask
     * again. Every delivery is looked at once: what dies anew meanwhile is not sent a second time.
     */
    Mono<Long> redriveAll(DeliveryFilter filter, String reason) {
        return redriveBatch(filter, BEFORE_ALL, reason)
                .expand(batch -> batch.isLast() ? Mono.empty() : redriveBatch(filter, batch.last(), reason))
                .reduce(0L, (sum, batch) -> sum + batch.redriven());
    }

    private Mono<Batch> redriveBatch(DeliveryFilter filter, UUID after, String reason) {
        return deliveries
                .findBatch(filter, after, BATCH)
                .flatMap(found -> redrive(found, reason).map(redriven -> new Batch(found, redriven)))
                .as(tx::transactional);
    }

    private Mono<Void> redriveOne(OwedDelivery dead, String reason) {
        return redrive(List.of(new Dead(dead.id(), dead.attempts())), reason)
                .filter(rows -> rows == 1)
                .switchIfEmpty(Mono.error(NotDead::anyMore))
                .then();
    }

    /** Those that somebody else was faster with are left out. */
    private Mono<Long> redrive(List<Dead> dead, String reason) {
        Instant now = clock.instant();
        return deliveries
                .redrive(dead.stream().map(Dead::id).toList(), now)
                .collect(HashSet<UUID>::new, Set::add)
                .map(ids -> dead.stream().filter(one -> ids.contains(one.id())).toList())
                .delayUntil(redriven -> attempts.insertAll(redriven, Outcome.REDRIVEN, reason, now))
                .map(redriven -> (long) redriven.size());
    }

    private Mono<Void> discardOne(OwedDelivery dead, String reason) {
        return deliveries
                .discard(dead.id())
                .filter(discarded -> discarded)
                .switchIfEmpty(Mono.error(NotDead::anyMore))
                .flatMap(discarded -> attempts.insert(dead, Outcome.DISCARDED, reason, clock.instant()));
    }

    private Mono<OwedDelivery> requireDead(UUID id) {
        return requireDelivery(id).map(OwedDelivery::requireDead);
    }

    private Mono<OwedDelivery> requireDelivery(UUID id) {
        return deliveries.find(id).switchIfEmpty(Mono.error(() -> NotFound.of("delivery", id)));
    }

    /** Empty if the delivery has been settled meanwhile. */
    private Mono<Story> toStory(OwedDelivery delivery) {
        return Mono.zip(
                attempts.list(delivery.id()).collectList(),
                deliveries.findPayload(delivery.id()),
                (history, payload) -> new Story(delivery, history, payload));
    }
}
