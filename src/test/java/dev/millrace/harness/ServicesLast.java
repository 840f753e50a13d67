package dev.millrace.harness;

import java.util.Comparator;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/**
 * A service goes on working when its test is over, until the JVM ends. Virtual time is for the whole JVM: a test of it that comes
 * later has the service's work in its own time, and may wait for it.
 */
public final class ServicesLast implements ClassOrderer {

    @Override
    public void orderClasses(ClassOrdererContext context) {
        context.getClassDescriptors().sort(Comparator.comparing(type -> type.isAnnotated(RunningService.class)));
    }
}
