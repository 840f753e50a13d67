package dev.millrace.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The settings say which platform is used, and a wrong one stops the start with a word on why. */
class ExportConfigurationTests {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withInitializer(new ConfigDataApplicationContextInitializer())
            .withUserConfiguration(ExportConfiguration.class)
            .withBean(Clock.class, Clock::systemUTC);

    @Test
    void exportsToTheFakePlatformUnlessThereIsAnother() {
        application.run(context -> assertThat(context)
                .getBean(ExternalPlatformClient.class)
                .isInstanceOf(FakeExternalPlatformClient.class));
    }

    @Test
    void takesAnEmptyUrlForNone() {
        application.withPropertyValues("millrace.export.url=").run(context -> assertThat(context)
                .getBean(ExternalPlatformClient.class)
                .isInstanceOf(FakeExternalPlatformClient.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:9000", "https://platform.example/orders?tenant=7"})
    void exportsToTheUrl(String url) {
        application
                .withPropertyValues("millrace.export.url=" + url, "millrace.export.secrets[0]=" + ExportFixture.SECRET)
                .run(context -> assertThat(context)
                        .getBean(ExternalPlatformClient.class)
                        .isInstanceOf(HttpExternalPlatformClient.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "platform.example",
                "/orders",
                "ftp://platform.example/orders",
                "http:///orders",
                "https://user:password@platform.example/orders",
                "https://platform.example/orders#top"
            })
    void doesNotStartWithAUrlThatNothingCanBeSentTo(String url) {
        application.withPropertyValues("millrace.export.url=" + url).run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageStartingWith("millrace.export.url must be"));
    }

    @Test
    void doesNotStartWithASecretThatIsNone() {
        application
                .withPropertyValues(
                        "millrace.export.url=http://localhost:9000", "millrace.export.secrets=" + "not-a-secret")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageStartingWith("millrace.export.secrets:")
                        .hasMessageNotContaining("not-a-secret"));
    }
}
