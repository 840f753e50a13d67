package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.shared.FaultPlan.Fault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.util.context.Context;

class FaultPlanTests {

    @ParameterizedTest
    @CsvSource({
        "confirm=transient*2, confirm, transient, 2",
        "confirm=permanent, confirm, permanent, 1",
        "export=timeout*3, export, timeout, 3",
        "export=permanent*2, export, permanent, 2",
        "ranking=transient, ranking, transient, 2147483647",
        "crash=after-commit, crash, after-commit, 2147483647"
    })
    void readsEachForm(String text, String step, String kind, int times) {
        assertThat(FaultPlan.sent(text).faultAt(step)).contains(new Fault(step, kind, times));
    }

    @Test
    void spoilsAsManyAttemptsAsItSays() {
        assertThat(attempt("confirm=transient*2", 2).faultAt("confirm")).isPresent();
        assertThat(attempt("confirm=transient*2", 3).faultAt("confirm")).isEmpty();
    }

    @Test
    void spoilsOneAttemptIfPermanentAndAllIfNothingIsSaid() {
        assertThat(attempt("export=permanent", 1).faultAt("export")).isPresent();
        assertThat(attempt("export=permanent", 2).faultAt("export")).isEmpty();
        assertThat(attempt("export=timeout", 1_000_000).faultAt("export")).isPresent();
    }

    @Test
    void planForEachStepIsItsOwn() {
        FaultPlan plan = attempt("confirm=transient*1, export=permanent,ranking=timeout*4", 1);

        assertThat(plan.faultAt("confirm")).contains(new Fault("confirm", "transient", 1));
        assertThat(plan.faultAt("export")).contains(new Fault("export", "permanent", 1));
        assertThat(plan.faultAt("ranking")).contains(new Fault("ranking", "timeout", 4));
        assertThat(plan.faultAt("crash")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ",",
                "confirm=permanent,",
                ",confirm=permanent",
                "confirm",
                "confirm=",
                "confirm=never",
                "refund=permanent",
                "Confirm=permanent",
                "confirm=transient*",
                "confirm=transient*-1",
                "confirm=transient*1.5",
                "confirm=transient*9999999",
                "confirm=transient*2*2",
                "confirm=after-commit",
                "crash=transient",
                "confirm=permanent;export=permanent",
                "confirm=permanent,nonsense"
            })
    void refusesWhatIsNoPlan(String text) {
        assertThatThrownBy(() -> FaultPlan.sent(text)).isInstanceOf(InvalidRequest.class);
    }

    /** The longest one that can be stored with an event. */
    @Test
    void refusesAPlanThatIsTooLong() {
        String longest = "confirm=transient*1,".repeat(12) + "export=timeout ";

        assertThat(FaultPlan.sent(longest).text()).hasSize(255);
        assertThatThrownBy(() -> FaultPlan.sent(longest + " ")).isInstanceOf(InvalidRequest.class);
    }

    @Test
    void travelsInTheContextAndOnlyIfThereIsOne() {
        FaultPlan plan = FaultPlan.sent("confirm=permanent");

        assertThat(FaultPlan.in(plan.addTo(Context.empty()))).isEqualTo(plan);
        assertThat(FaultPlan.in(Context.empty())).isEqualTo(FaultPlan.NONE);
        assertThat(FaultPlan.in(FaultPlan.stored(null, 1).addTo(plan.addTo(Context.empty()))))
                .isEqualTo(FaultPlan.NONE);
    }

    private static FaultPlan attempt(String text, int number) {
        return FaultPlan.stored(FaultPlan.sent(text).text(), number);
    }
}
