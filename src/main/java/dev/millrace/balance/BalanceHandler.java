package dev.millrace.balance;

import com.fasterxml.jackson.annotation.JsonInclude;
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
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class BalanceHandler {

    private final BalanceService balances;
    private final Idempotency idempotency;
    private final Requests requests;
    private final Currency currency;

    record Charge(@NotNull @Positive @Max(Money.MAX) Long amount) {}

    record ChargeResponse(long userId, Money amount, String currency, UUID entryId) {}

    record BalanceResponse(long userId, Money amount, String currency) {}

    record EntryResponse(
            UUID id,
            BalanceEntry.Type type,
            long amount,
            Money balanceAfter,
            String currency,

            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable
            UUID reference,

            Instant at) {}

    Mono<ServerResponse> charge(ServerRequest request) {
        return requests.body(request, Charge.class).flatMap(body -> chargeOnce(request, body));
    }

    Mono<ServerResponse> get(ServerRequest request) {
        return Mono.fromSupplier(() -> requests.positiveId(request, "userId"))
                .flatMap(balances::getBalance)
                .flatMap(balance -> ServerResponse.ok().bodyValue(toResponse(balance)));
    }

    Mono<ServerResponse> listEntries(ServerRequest request) {
        return Mono.defer(() -> entriesOf(requests.positiveId(request, "userId"), request))
                .flatMap(page -> ServerResponse.ok().bodyValue(page));
    }

    private Mono<ServerResponse> chargeOnce(ServerRequest request, Charge body) {
        long userId = requests.positiveId(request, "userId");
        return idempotency
                .answerOnce(request, body, balances.charge(userId, Money.of(body.amount())), this::toChargeSuccess)
                .contextWrite(Lane.of("charge", userId).joined());
    }

    private Mono<Page<EntryResponse>> entriesOf(long userId, ServerRequest request) {
        return balances.listEntries(userId, requests.page(request, "entries of " + userId))
                .map(page -> page.map(this::toResponse));
    }

    private Success toChargeSuccess(BalanceEntry entry) {
        return Success.created(
                null, new ChargeResponse(entry.userId(), entry.balanceAfter(), currency.code(), entry.id()));
    }

    private BalanceResponse toResponse(Balance balance) {
        return new BalanceResponse(balance.userId(), balance.amount(), currency.code());
    }

    private EntryResponse toResponse(BalanceEntry entry) {
        return new EntryResponse(
                entry.id(),
                entry.type(),
                entry.amount(),
                entry.balanceAfter(),
                currency.code(),
                entry.reference(),
                entry.at());
    }
}
