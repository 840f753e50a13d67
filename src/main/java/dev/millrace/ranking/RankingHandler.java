package dev.millrace.ranking;

import dev.millrace.shared.Currency;
import dev.millrace.shared.InvalidRequest;
import dev.millrace.shared.Requests;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class RankingHandler {

    private static final int DEFAULT_LIMIT = 10;

    private final RankingService rankings;
    private final Requests requests;
    private final Currency currency;
    private final Clock clock;

    record RankingResponse(
            Window window, Metric metric, String currency, Instant from, Instant to, List<RankedProduct> data) {}

    private record Query(Window window, Metric metric, Instant from, Instant to, int limit) {}

    Mono<ServerResponse> topProducts(ServerRequest request) {
        return Mono.fromSupplier(() -> toQuery(request))
                .flatMap(query -> rankings.topProducts(query.metric, query.from, query.limit)
                        .map(top -> toResponse(query, top)))
                .flatMap(ranking -> ServerResponse.ok().bodyValue(ranking));
    }

    private Query toQuery(ServerRequest request) {
        Window window =
                request.queryParam("window").map(RankingHandler::requireWindow).orElse(Window.DAY);
        Metric metric =
                request.queryParam("metric").map(RankingHandler::requireMetric).orElse(Metric.QUANTITY);
        Instant now = clock.instant();
        return new Query(window, metric, window.from(now), now, requests.limit(request, DEFAULT_LIMIT));
    }

    private RankingResponse toResponse(Query query, List<RankedProduct> top) {
        return new RankingResponse(query.window, query.metric, currency.code(), query.from, query.to, top);
    }

    private static Window requireWindow(String text) {
        return Window.of(text).orElseThrow(() -> InvalidRequest.at("window", "must be 1h, 24h, 7d, 30d or all"));
    }

    private static Metric requireMetric(String text) {
        return Arrays.stream(Metric.values())
                .filter(metric -> metric.text().equals(text))
                .findFirst()
                .orElseThrow(() -> InvalidRequest.at("metric", "must be quantity or revenue"));
    }
}
