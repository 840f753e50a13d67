package dev.millrace.export;

import java.time.Duration;
import java.util.List;

class FakeExternalPlatformClientTests implements ExternalPlatformClientContract {

    private final FakeExternalPlatformClient platform =
            new FakeExternalPlatformClient(ExportFixture.propertiesOf(null, Duration.ofSeconds(5)));

    @Override
    public ExternalPlatformClient client() {
        return platform;
    }

    @Override
    public List<OrderPayload> accepted() {
        return List.copyOf(platform.accepted());
    }
}
