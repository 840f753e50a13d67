package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.millrace.event.EventType;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Readers outside of the service are told of every event, and of every field of it. */
class EventsDocumentTests {

    private static final Path DOCUMENT = Path.of("src/docs/events.md");

    @Test
    void namesEveryEventAndItsFields() throws IOException {
        List<String> lines = Files.readAllLines(DOCUMENT);
        List<Class<?>> events = events().toList();

        assertThat(events).isNotEmpty().allSatisfy(event -> assertThat(lines)
                .filteredOn(line -> line.startsWith("| `" + typeOf(event) + "` |"))
                .singleElement()
                .satisfies(line -> assertThat(line).contains(fieldsOf(event))));
    }

    private static Stream<Class<?>> events() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.millrace").stream()
                        .filter(type -> type.isAnnotatedWith(EventType.class))
                        .map(JavaClass::reflect);
    }

    private static String typeOf(Class<?> event) {
        return event.getAnnotation(EventType.class).value();
    }

    private static List<String> fieldsOf(Class<?> event) {
        return Stream.of(event.getRecordComponents())
                .map(RecordComponent::getName)
                .map(name -> "`" + name + "`")
                .toList();
    }
}
