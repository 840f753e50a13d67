package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.util.context.Context;

/** A request continues the trace it came with if that is a valid one, and begins a valid one if not. */
class TraceTests {

    private static final String VALID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void continuesTheCallersTrace() {
        Trace trace = Trace.continuing(VALID);

        assertThat(trace.traceparent()).isEqualTo(VALID);
        assertThat(trace.traceId()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"
            })
    void beginsAValidTraceInstead(String traceparent) {
        Trace trace = Trace.continuing(traceparent);

        assertThat(trace.traceparent()).isNotEqualTo(traceparent);
        assertThat(Trace.continuing(trace.traceparent())).isEqualTo(trace);
    }

    @Test
    void travelsInTheContext() {
        Trace trace = Trace.continuing(VALID);

        assertThat(Trace.in(trace.addTo(Context.empty()))).contains(trace);
        assertThat(Trace.in(Context.empty())).isEmpty();
    }
}
