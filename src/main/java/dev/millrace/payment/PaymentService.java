package dev.millrace.payment;

import dev.millrace.event.EventPublisher;
import dev.millrace.shared.NotFound;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Mono;

/** Keeps payments. */
@Service
@RequiredArgsConstructor
class PaymentService {

    private final PaymentRepository payments;
    private final EventPublisher events;

    /** Saves a payment that succeeded and publishes its events, in the caller's transaction. */
    Mono<Payment> recordSuccess(Payment payment) {
        return payments.insert(payment).then(events.publishEventsOf(payment)).thenReturn(payment);
    }

    /** Saves a refund and what it has made of the payment; its events are yet to be published. */
    Mono<Void> saveRefund(Payment payment, Refund refund) {
        return payments.update(payment, refund).then(payments.insert(refund));
    }

    /** Refuses if the order has a payment. */
    Mono<Void> requireUnpaid(UUID orderId) {
        return payments.findByOrder(orderId).flatMap(paid -> Mono.error(PaymentRefused.alreadyPaid(paid.id())));
    }

    Mono<Payment> getPayment(UUID id) {
        return payments.find(id).switchIfEmpty(Mono.error(() -> NotFound.of("payment", id)));
    }

    Mono<Payment> findPaymentOf(UUID orderId) {
        return payments.findByOrder(orderId);
    }
}
