package dev.millrace.harness;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.blockhound.BlockHound;
import reactor.test.StepVerifier;

/** Holds for every test: no wait is longer than five seconds, and whoever blocks a thread that must not block fails. */
public final class ReactiveRules implements BeforeAllCallback {

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    static {
        StepVerifier.setDefaultTimeout(LONGEST_WAIT);
        Awaitility.setDefaultTimeout(LONGEST_WAIT);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(20));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        BlockHound.install(builder -> builder
                // Handing work to an H2 thread takes the lock of its queue for as long as it takes to add one element.
                .allowBlockingCallsInside(LinkedBlockingQueue.class.getName(), "offer")
                // How a class is read from JSON is found out once, under a lock, as classes are loaded.
                .allowBlockingCallsInside(
                        "tools.jackson.databind.deser.DeserializerCache", "_createAndCacheValueDeserializer")
                // The validator's messages are read from the class path once, as classes are.
                .allowBlockingCallsInside(
                        "org.hibernate.validator.resourceloading.PlatformResourceBundleLocator", "getResourceBundle"));
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        // The rules hold from the moment this class is loaded.
    }
}
