package dev.millrace.harness;

import java.util.List;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Gives each application that is started a database of its own: a file on disk as in production, or, where the system property
 * {@value #KIND} says {@code postgresql}, a database on a real server.
 */
public final class FreshDatabase implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    private static final String KIND = "millrace.test.database";

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        TestPropertyValues.of(properties()).applyTo(context);
    }

    private static List<String> properties() {
        return switch (System.getProperty(KIND, "h2")) {
            case "h2" -> List.of("millrace.data-dir=" + DataDirectory.create());
            case "postgresql" -> Postgres.freshDatabase().properties();
            default -> throw new IllegalArgumentException(KIND);
        };
    }
}
