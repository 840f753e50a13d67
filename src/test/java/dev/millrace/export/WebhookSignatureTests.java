package dev.millrace.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookSignatureTests {

    private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);
    private static final Instant TIMESTAMP = Instant.ofEpochSecond(1614265330);

    /** The example that Standard Webhooks has published. */
    @Test
    void signsAsTheStandardDoes() {
        WebhookSignature signature = new WebhookSignature(List.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));

        assertThat(signature.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", TIMESTAMP, BODY))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 32, 64})
    void takesSecretsOfAnyLengthThatTheStandardAllows(int length) {
        assertThat(new WebhookSignature(List.of(secretOf(length))).isConfigured())
                .isTrue();
    }

    @Test
    void refusesSecretsThatAreTooShortOrTooLongToBeAny() {
        assertThatThrownBy(() -> new WebhookSignature(List.of(secretOf(23)))).hasMessageContaining("24 to 64");
        assertThatThrownBy(() -> new WebhookSignature(List.of(secretOf(65)))).hasMessageContaining("24 to 64");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***this*is*not*base64*at*all***"})
    void refusesWhatIsNoSecretWithoutRepeatingIt(String secret) {
        assertThatThrownBy(() -> new WebhookSignature(List.of(ExportFixture.SECRET, secret)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("millrace.export.secrets: each is whsec_ and then 24 to 64 random bytes in base64");
    }

    private static String secretOf(int length) {
        return "whsec_" + Base64.getEncoder().encodeToString(new byte[length]);
    }
}
