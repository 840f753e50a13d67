package dev.millrace.export;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Orders to export, and settings to export them with. */
final class ExportFixture {

    static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    static final String NEXT_SECRET = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";

    static final ExportProperties.Breaker BREAKER =
            new ExportProperties.Breaker(20, 10, 50, Duration.ofSeconds(5), 80, Duration.ofSeconds(5), 1);

    private ExportFixture() {}

    static OrderPayload anOrder() {
        return new OrderPayload(
                anId(),
                7,
                3_000,
                "KRW",
                Instant.parse("2026-05-01T10:15:30.123456Z"),
                List.of(new OrderPayload.Item(11, "Täglich Brot", 3, 1_000)));
    }

    static String aKey() {
        return anId().toString();
    }

    /** Random without reading the system's randomness, which may block. */
    private static UUID anId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(random.nextLong(), random.nextLong());
    }

    static ExportProperties propertiesOf(URI url, Duration timeout, String... secrets) {
        return new ExportProperties(
                url,
                List.of(secrets),
                timeout,
                Duration.ofSeconds(2),
                4,
                BREAKER,
                new ExportProperties.Fake(Duration.ZERO));
    }
}
