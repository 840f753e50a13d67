package dev.millrace.event;

/** What carries a committed event to its handlers. */
interface EventTransport {

    /**
     * Begins a shipment for one transaction. What gets lost on its way becomes due by itself, and the sweeper finds it.
     */
    Shipment prepare();
}
