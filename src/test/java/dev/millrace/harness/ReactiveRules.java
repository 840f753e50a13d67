package dev.millrace.harness;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.blockhound.BlockHound;
import reactor.test.StepVerifier;

/** Holds for every test: no wait is endless, and whoever blocks a thread that must not block fails. */
public final class ReactiveRules implements BeforeAllCallback {

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    /** Longer only so that a busy machine fails nothing: a pipeline that hangs is found all the same. */
    private static final Duration LONGEST_PIPELINE = Duration.ofSeconds(20);

    static {
        StepVerifier.setDefaultTimeout(LONGEST_PIPELINE);
        Awaitility.setDefaultTimeout(LONGEST_WAIT);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(20));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        BlockHound.install(builder -> builder
                // Handing work to an H2 thread takes the lock of its queue for as long as it takes to add one element.
                .allowBlockingCallsInside(LinkedBlockingQueue.class.getName(), "offer")
                // Ending a timeout early takes the lock of the timers' queue, as beginning one does, which Reactor
                // allows.
                .allowBlockingCallsInside("java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove")
                // These fill a cache once for each type, under a lock that two first requests may both want.
                .allowBlockingCallsInside(
                        "tools.jackson.databind.deser.DeserializerCache", "_createAndCacheValueDeserializer")
                .allowBlockingCallsInside(
                        "tools.jackson.databind.ser.SerializerCache", "addAndResolveNonTypedSerializer")
                .allowBlockingCallsInside(
                        "org.hibernate.validator.internal.metadata.BeanMetaDataManagerImpl", "getBeanMetaData")
                .allowBlockingCallsInside("org.springframework.util.ConcurrentReferenceHashMap$Segment", "doTask")
                // Pools of buffers grow under a lock of a few instructions when threads without one of their own
                // contend.
                .allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "allocate")
                .allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "reallocate")
                // A new id takes a lock for a few instructions.
                .allowBlockingCallsInside("com.fasterxml.uuid.impl.TimeBasedEpochGenerator", "construct")
                // The validator's messages are read from the class path once, as classes are.
                .allowBlockingCallsInside(
                        "org.hibernate.validator.resourceloading.PlatformResourceBundleLocator", "getResourceBundle"));
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        // The rules hold from the moment this class is loaded.
    }
}
