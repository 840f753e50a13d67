package dev.millrace.payment;

import dev.millrace.idempotency.Idempotency;
import dev.millrace.idempotency.Idempotency.Success;
import dev.millrace.shared.Currency;
import dev.millrace.shared.Money;
import dev.millrace.shared.Page;
import dev.millrace.shared.Requests;
import dev.millrace.transaction.Lane;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class PaymentHandler {

    private final PaymentFacadeService facade;
    private final PaymentService payments;
    private final Idempotency idempotency;
    private final FaultPlans faults;
    private final Requests requests;
    private final Currency currency;

    record PaymentRequest(
            @NotNull UUID orderId,
            @NotNull @Positive Long userId,
            @Nullable @Positive @Max(Money.MAX) Long amount) {

        PaymentCommand toCommand() {
            return new PaymentCommand(orderId, userId, amount == null ? null : Money.of(amount));
        }
    }

    record PaymentResponse(
            UUID id,
            UUID orderId,
            long userId,
            Money amount,
            Money refundedAmount,
            String currency,
            PaymentStatus status,
            Instant paidAt) {}

    Mono<ServerResponse> pay(ServerRequest request) {
        return faults.follow(request, payOnce(request));
    }

    private Mono<ServerResponse> payOnce(ServerRequest request) {
        return requests.body(request, PaymentRequest.class).flatMap(body -> idempotency
                .answerOnce(request, body, facade.requestPayment(body.toCommand()), this::toSuccess)
                .contextWrite(new Lane("payment", body.userId(), body.orderId()).joined()));
    }

    Mono<ServerResponse> get(ServerRequest request) {
        return Mono.defer(() -> payments.getPayment(requests.uuid(request, "id")))
                .flatMap(payment -> ServerResponse.ok().bodyValue(toResponse(payment)));
    }

    Mono<ServerResponse> findByOrder(ServerRequest request) {
        return Mono.defer(() -> payments.findPaymentOf(requests.requiredUuidParameter(request, "orderId")))
                .map(payment -> new Page<>(List.of(toResponse(payment)), null))
                .defaultIfEmpty(new Page<>(List.of(), null))
                .flatMap(page -> ServerResponse.ok().bodyValue(page));
    }

    private Success toSuccess(Payment payment) {
        return Success.ok(toResponse(payment));
    }

    private PaymentResponse toResponse(Payment payment) {
        return new PaymentResponse(
                payment.id(),
                payment.orderId(),
                payment.userId(),
                payment.amount(),
                payment.refundedAmount(),
                currency.code(),
                payment.status(),
                payment.paidAt());
    }
}
