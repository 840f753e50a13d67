package dev.millrace.event;

import java.util.Collection;
import java.util.List;
import org.springframework.core.Ordered;
import org.springframework.transaction.reactive.TransactionSynchronization;

/**
 * The deliveries of events that are recorded together in one transaction: decided on before they are recorded, and sent on
 * their way once that transaction has committed, with which a shipment has to be registered before anything is owed.
 */
interface Shipment extends TransactionSynchronization, Ordered {

    /** What an event owes to the handlers. */
    List<NewDelivery> owe(Collection<String> handlers);

    /** Says that they are recorded. What was owed and is not, goes nowhere, even if the transaction commits. */
    void load(Collection<Delivery> deliveries);

    /** None comes before another. Says so, because whoever does not is looked at for annotations each time it is sorted. */
    @Override
    default int getOrder() {
        return LOWEST_PRECEDENCE;
    }
}
