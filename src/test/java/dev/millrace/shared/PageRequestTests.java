package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cursor leads on from where a page ended, in the list it came from and in no other. */
class PageRequestTests {

    private static final String FILTERS = "orders of 1";

    @Test
    void leadsOnFromTheLastRowOfAFullPage() {
        PageRequest request = new PageRequest(FILTERS, 2, Optional.empty());

        Page<Long> page = Page.of(List.of(9L, 8L, 7L), request, key -> key);

        assertThat(page.data()).containsExactly(9L, 8L);
        assertThat(after(page.nextCursor()).beforeNumber()).isEqualTo(8);
    }

    @Test
    void endsWithTheLastRow() {
        PageRequest request = new PageRequest(FILTERS, 2, Optional.empty());

        assertThat(Page.of(List.of(9L, 8L), request, key -> key).nextCursor()).isNull();
        assertThat(Page.of(List.of(), request, key -> key).nextCursor()).isNull();
        assertThat(request.rowsToRead()).isEqualTo(3);
    }

    @Test
    void beginsWithTheNewest() {
        PageRequest request = new PageRequest(FILTERS, 2, Optional.empty());

        assertThat(request.beforeNumber()).isEqualTo(Long.MAX_VALUE);
        assertThat(request.beforeUuid()).hasToString("ffffffff-ffff-ffff-ffff-ffffffffffff");
    }

    @Test
    void carriesAUuid() {
        UUID last = UUID.randomUUID();

        assertThat(after(Cursor.write(last.toString(), FILTERS)).beforeUuid()).isEqualTo(last);
    }

    @Test
    void isOpaqueAndFitsIntoAUrl() {
        assertThat(Cursor.write("12", "orders of 1")).matches("[A-Za-z0-9_-]+");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "%%%", "bm90IG91cnM", "b3JkZXJzIG9mIDE"})
    void doesNotReadWhatIsNotACursor(String text) {
        assertThat(Cursor.read(text, FILTERS)).isEmpty();
    }

    @Test
    void doesNotReadTheCursorOfAnotherList() {
        String cursor = Cursor.write("12", "orders of 2");

        assertThat(Cursor.read(cursor, FILTERS)).isEmpty();
        assertThat(Cursor.read(cursor, "orders of 2")).contains("12");
    }

    @Test
    void refusesAKeyThatIsNotOfTheList() {
        PageRequest request = after(Cursor.write("twelve", FILTERS));

        assertThatExceptionOfType(InvalidRequest.class)
                .isThrownBy(request::beforeNumber)
                .satisfies(refusal -> assertThat(refusal.code()).isEqualTo("invalid-cursor"));
        assertThatExceptionOfType(InvalidRequest.class).isThrownBy(request::beforeUuid);
    }

    private static PageRequest after(String cursor) {
        return new PageRequest(FILTERS, 2, Cursor.read(cursor, FILTERS));
    }
}
