package dev.millrace.payment;

import dev.millrace.idempotency.Idempotency;
import dev.millrace.idempotency.Idempotency.Success;
import dev.millrace.shared.Currency;
import dev.millrace.shared.Money;
import dev.millrace.shared.Requests;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.time.Instant;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class RefundHandler {

    private static final int MAX_REASON = 500;

    private final RefundService refunds;
    private final Idempotency idempotency;
    private final Requests requests;
    private final Currency currency;

    record RefundRequest(
            @Nullable @Positive @Max(Money.MAX) Long amount,

            @NotBlank
            @Size(max = MAX_REASON)
            @Pattern(regexp = "[^\\p{Cntrl}\\p{Cs}]*", message = "must be printable text")
            String reason) {

        RefundCommand toCommand(UUID paymentId) {
            return new RefundCommand(paymentId, amount == null ? null : Money.of(amount), reason, RefundOrigin.CLIENT);
        }
    }

    record RefundResponse(
            UUID id, UUID paymentId, Money amount, String currency, String reason, RefundOrigin origin, Instant at) {}

    Mono<ServerResponse> refund(ServerRequest request) {
        return requests.body(request, RefundRequest.class).flatMap(body -> refundOnce(request, body));
    }

    private Mono<ServerResponse> refundOnce(ServerRequest request, RefundRequest body) {
        RefundCommand command = body.toCommand(requests.uuid(request, "id"));
        return idempotency.answerOnce(request, body, refunds.refund(command), this::toSuccess);
    }

    private Success toSuccess(Refund refund) {
        return Success.created(
                null,
                new RefundResponse(
                        refund.id(),
                        refund.paymentId(),
                        refund.amount(),
                        currency.code(),
                        refund.reason(),
                        refund.origin(),
                        refund.at()));
    }
}
