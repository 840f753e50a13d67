package dev.millrace.payment;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.balance.BalanceService;
import dev.millrace.order.OrderToPay;
import dev.millrace.order.OrderUseCase;
import dev.millrace.shared.Money;
import java.time.Clock;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/**
 * Takes a payment: the debit, the payment, its event and what is owed for it are one transaction.
 *
 * <p>Promised: when the result is there, all of it is on disk and the order will be confirmed, exported and counted, or the
 * money goes back. When there is an error, nothing has happened; only if the connection is lost during the commit can an
 * error hide a success, and then the order tells.
 */
@Service
@RequiredArgsConstructor
class PaymentFacadeService {

    private final OrderUseCase orders;
    private final BalanceService balances;
    private final PaymentService payments;
    private final TransactionalOperator tx;
    private final NoArgGenerator uuids;
    private final Clock clock;

    Mono<Payment> requestPayment(PaymentCommand command) {
        return orders.claimForPayment(command.orderId(), command.userId())
                .switchIfEmpty(Mono.defer(() -> refuse(command)))
                .doOnNext(order -> requireExpectedAmount(order, command.expectedAmount()))
                .map(this::createPayment)
                .delayUntil(payment -> balances.decreaseBalance(payment.userId(), payment.amount(), payment.id()))
                .delayUntil(payment -> orders.endWaiting(payment.orderId()))
                .flatMap(payments::recordSuccess)
                .as(tx::transactional)
                .checkpoint("request payment");
    }

    private Payment createPayment(OrderToPay order) {
        UUID id = uuids.generate();
        return Payment.createSuccess(id, order.id(), order.userId(), order.totalAmount(), clock.instant());
    }

    /** Says why the order does not wait for this payment. */
    private Mono<OrderToPay> refuse(PaymentCommand command) {
        return orders.getStatus(command.orderId(), command.userId())
                .flatMap(status -> payments.requireUnpaid(command.orderId())
                        .then(Mono.error(() -> PaymentRefused.notPayable(status))));
    }

    private static void requireExpectedAmount(OrderToPay order, @Nullable Money expected) {
        if (expected != null && !expected.equals(order.totalAmount())) {
            throw PaymentRefused.amountMismatch(expected, order.totalAmount());
        }
    }
}
