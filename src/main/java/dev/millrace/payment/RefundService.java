package dev.millrace.payment;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.balance.BalanceService;
import dev.millrace.event.EventPublisher;
import dev.millrace.order.OrderUseCase;
import dev.millrace.order.UndoneSale;
import dev.millrace.shared.Money;
import java.time.Clock;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/**
 * Gives money of a payment back: the payment, the balance, the order and the event change in one transaction.
 *
 * <p>Promised: never more goes back than was paid, however many refunds come at once. They take turns at the order's row, and
 * the payment's own update is guarded besides.
 */
@Service
@RequiredArgsConstructor
class RefundService {

    private final OrderUseCase orders;
    private final PaymentService payments;
    private final BalanceService balances;
    private final EventPublisher events;
    private final TransactionalOperator tx;
    private final NoArgGenerator uuids;
    private final Clock clock;

    /** Fails with {@link RefundRefused} if not so much is left, or nothing. */
    Mono<Refund> refund(RefundCommand command) {
        return holdPayment(command.paymentId())
                .flatMap(payment -> refund(payment, command))
                .as(tx::transactional)
                .checkpoint("refund payment");
    }

    /** Gives back what is left of the payment; empty if there is nothing left. */
    Mono<Refund> refundWhatIsLeft(RefundCommand command) {
        return holdPayment(command.paymentId())
                .filter(Payment::isRefundable)
                .flatMap(payment -> refund(payment, command))
                .as(tx::transactional);
    }

    /** The payment as it is once nobody else can refund it, until the transaction ends. */
    private Mono<Payment> holdPayment(UUID paymentId) {
        return payments.getPayment(paymentId)
                .delayUntil(payment -> orders.holdOrder(payment.orderId()))
                .flatMap(payment -> payments.getPayment(payment.id()));
    }

    private Mono<Refund> refund(Payment payment, RefundCommand command) {
        Money amount = payment.requireRefundable(command.amount());
        Refund refund =
                new Refund(uuids.generate(), payment.id(), amount, command.reason(), command.origin(), clock.instant());
        return undoOrder(payment, amount)
                .doOnNext(sale -> payment.refund(refund, sale))
                .then(Mono.defer(() -> recordRefund(payment, refund)));
    }

    private Mono<UndoneSale> undoOrder(Payment payment, Money amount) {
        return amount.equals(payment.refundable()) ? orders.refundOrder(payment.orderId()) : Mono.just(UndoneSale.NONE);
    }

    private Mono<Refund> recordRefund(Payment payment, Refund refund) {
        return payments.saveRefund(payment, refund)
                .then(balances.increaseBalance(payment.userId(), refund.amount(), refund.id()))
                .then(events.publishEventsOf(payment))
                .thenReturn(refund);
    }
}
