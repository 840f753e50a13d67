package dev.millrace.event;

/**
 * How a committed event reaches its handlers quickly. The bus may lose what it carries: the deliveries in the database are
 * the truth, and the {@link DeliverySweeper} finds there what never arrived.
 *
 * <p>A place is reserved before the commit, so that nothing committed finds the bus full: what gets no place is stored as due
 * and is found by the sweeper.
 */
interface EventBus {

    /** Takes up to so many places for deliveries to the handler, and tells how many it got. */
    int reserve(String handler, int wanted);

    /**
     * Takes a place for a delivery that has just come to be. An eighth of all places is left to those that wait in the database, or
     * in a rush what is new would pass them by for as long as it lasts.
     */
    boolean reserveForNew(String handler);

    /** Gives places back that will not be used. */
    void release(String handler, int places);

    /** Sends the delivery on its way, in a place reserved for it. Never blocks and never throws. */
    void offer(Delivery delivery);
}
