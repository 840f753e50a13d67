package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Money never leaves the integers that every JSON reader keeps exact, and never wraps around. */
class MoneyTests {

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, (1L << 53), Long.MAX_VALUE})
    void refusesAmountsOutOfRange(long amount) {
        assertThatExceptionOfType(MoneyOutOfRange.class)
                .isThrownBy(() -> Money.of(amount))
                .satisfies(refusal -> assertThat(refusal.code()).isEqualTo("validation-failed"));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, Money.MAX})
    void takesAmountsInRange(long amount) {
        assertThat(Money.of(amount).amount()).isEqualTo(amount);
    }

    @Test
    void addsAndSubtractsExactly() {
        Money ten = Money.of(10);

        assertThat(ten.plus(Money.of(5))).isEqualTo(Money.of(15));
        assertThat(ten.minus(ten)).isEqualTo(Money.ZERO);
    }

    @Test
    void refusesSumsAndDifferencesOutOfRange() {
        Money most = Money.of(Money.MAX);

        assertThatExceptionOfType(MoneyOutOfRange.class).isThrownBy(() -> most.plus(Money.of(1)));
        assertThatExceptionOfType(MoneyOutOfRange.class).isThrownBy(() -> most.plus(most));
        assertThatExceptionOfType(MoneyOutOfRange.class).isThrownBy(() -> Money.ZERO.minus(Money.of(1)));
    }

    @Test
    void refusesProductsThatLeaveTheRangeOrWouldWrap() {
        Money most = Money.of(Money.MAX);

        assertThat(Money.of(3).times(4)).isEqualTo(Money.of(12));
        assertThatExceptionOfType(MoneyOutOfRange.class).isThrownBy(() -> most.times(2));
        assertThatExceptionOfType(MoneyOutOfRange.class).isThrownBy(() -> most.times(Long.MAX_VALUE));
        assertThatExceptionOfType(MoneyOutOfRange.class)
                .isThrownBy(() -> Money.of(1).times(-1));
    }

    @Test
    void isAPlainIntegerInJson() {
        JsonMapper json = JsonMapper.shared();

        assertThat(json.writeValueAsString(Money.of(Money.MAX))).isEqualTo("9007199254740991");
        assertThat(json.readValue("9007199254740991", Money.class)).isEqualTo(Money.of(Money.MAX));
    }

    @Test
    void comparesByAmount() {
        assertThat(Money.of(1)).isLessThan(Money.of(2)).isEqualByComparingTo(Money.of(1));
    }
}
