package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.shared.NotFound;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Failures are told apart by whether a repetition may mend them, and told together by their cause. */
class FailureTests {

    @Test
    void takesOnlyForPermanentWhatIsKnownToBe() {
        assertThat(Failure.of(new PermanentFailure("gone")).isPermanent()).isTrue();
        assertThat(Failure.of(NotFound.of("order", 7)).isPermanent()).isTrue();
        assertThat(Failure.of(unreadable("{")).isPermanent()).isTrue();

        assertThat(Failure.of(new TransientFailure("busy")).isPermanent()).isFalse();
        assertThat(Failure.of(new TimeoutException()).isPermanent()).isFalse();
        assertThat(Failure.of(new IllegalStateException("who knows")).isPermanent())
                .isFalse();
    }

    @Test
    void waitsAsLongAsTheOtherSideAsksButNeverShorter() {
        Failure asking = Failure.of(new TransientFailure("slow down", Duration.ofSeconds(30)));

        assertThat(asking.atLeast(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(30));
        assertThat(asking.atLeast(Duration.ofMinutes(1))).isEqualTo(Duration.ofMinutes(1));
        assertThat(Failure.of(new TransientFailure("busy")).atLeast(Duration.ofSeconds(1)))
                .isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void readsTheSameForTheSameCause() {
        String one = Failure.of(new TransientFailure("no order " + UUID.randomUUID() + " of user 1000001"))
                .reason();
        String other = Failure.of(new TransientFailure("no order " + UUID.randomUUID() + " of user 1000002"))
                .reason();

        assertThat(one).isEqualTo(other).isEqualTo("no order … of user …");
    }

    @Test
    void tellsWhatIsUnreadableWithoutThePlaceOfIt() {
        String reason = Failure.of(unreadable("nonsense")).reason();

        assertThat(reason)
                .startsWith("unreadable: Unrecognized token 'nonsense'")
                .doesNotContain("line", "column", "\n");
        assertThat(Failure.of(unreadable("   nonsense")).reason()).isEqualTo(reason);
    }

    @Test
    void keepsOutWhatADatabaseWouldRefuse() {
        assertThat(Failure.of(new TransientFailure("a\u0000b\nc\ud83d")).reason())
                .isEqualTo("a b c");
        assertThat(Failure.of(new TransientFailure("fine \ud83d\ude00")).reason())
                .isEqualTo("fine \ud83d\ude00");
    }

    private static JacksonException unreadable(String text) {
        try {
            JsonMapper.shared().readTree(text);
            throw new AssertionError("readable");
        } catch (JacksonException e) {
            return e;
        }
    }
}
