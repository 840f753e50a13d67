package dev.millrace.event;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The name and version of an event on the wire and in the log, such as {@code order.confirmed.v1}. It outlives the class:
 * renaming a record changes nothing that was stored.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface EventType {

    String value();
}
