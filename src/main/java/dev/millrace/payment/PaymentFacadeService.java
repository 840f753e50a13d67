package dev.millrace.payment;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.balance.BalanceService;
import dev.millrace.order.OrderToPay;
import dev.millrace.order.OrderUseCase;
import dev.millrace.shared.Money;
import java.time.Clock;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
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
        return orders.lockOrderToPay(command.orderId(), command.userId())
                .delayUntil(order -> payments.requireUnpaid(order.id()))
                .doOnNext(order -> requirePayable(order, command))
                .map(this::createPayment)
                .delayUntil(payment -> balances.decreaseBalance(payment.userId(), payment.amount(), payment.id()))
                .flatMap(payments::recordSuccess)
                .as(tx::transactional)
                .checkpoint("request payment");
    }

    private Payment createPayment(OrderToPay order) {
        UUID id = uuids.generate();
        return Payment.createSuccess(id, order.id(), order.userId(), order.totalAmount(), clock.instant());
    }

    private static void requirePayable(OrderToPay order, PaymentCommand command) {
        if (!order.isPayable()) {
            throw PaymentRefused.notPayable(order);
        }
        Money expected = command.expectedAmount();
        if (expected != null && !expected.equals(order.totalAmount())) {
            throw PaymentRefused.amountMismatch(expected, order.totalAmount());
        }
    }
}
