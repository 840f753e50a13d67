package dev.millrace.event;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;

/** Which deliveries are meant: those that match whatever is given. */
record DeliveryFilter(
        Optional<DeliveryStatus> status, Optional<String> handler, Optional<String> eventType, Optional<String> error) {

    static DeliveryFilter of(Optional<DeliveryStatus> status, Optional<String> handler) {
        return new DeliveryFilter(status, handler, Optional.empty(), Optional.empty());
    }

    static DeliveryFilter dead(@Nullable String handler, @Nullable String eventType, @Nullable String error) {
        return new DeliveryFilter(
                Optional.of(DeliveryStatus.DEAD),
                Optional.ofNullable(handler),
                Optional.ofNullable(eventType),
                Optional.ofNullable(error));
    }

    /**
     * The conditions on a delivery d and its event e. Only what is given is asked for, so that the database can plan for it;
     * the text is made of constants, the values are bound.
     */
    String conditions() {
        return "TRUE"
                + (status.isPresent() ? " AND d.status = :status" : "")
                + (handler.isPresent() ? " AND d.handler = :handler" : "")
                + (eventType.isPresent() ? " AND e.type = :type" : "")
                + (error.isPresent() ? " AND d.last_error = :error" : "");
    }

    GenericExecuteSpec bindTo(GenericExecuteSpec sql) {
        GenericExecuteSpec bound = sql;
        bound = status.isPresent() ? bound.bind("status", status.get().name()) : bound;
        bound = handler.isPresent() ? bound.bind("handler", handler.get()) : bound;
        bound = eventType.isPresent() ? bound.bind("type", eventType.get()) : bound;
        return error.isPresent() ? bound.bind("error", error.get()) : bound;
    }
}
