package dev.millrace.event;

import dev.millrace.shared.Refusal;

/** The delivery has not been given up, so there is nothing to re-drive or discard. */
final class NotDead extends Refusal {

    private NotDead(String detail) {
        super(Kind.CONFLICT, "illegal-transition", detail);
    }

    static NotDead of(DeliveryStatus status) {
        NotDead refusal = new NotDead("A delivery that is " + status + " can be neither re-driven nor discarded.");
        refusal.figure("deliveryStatus", status);
        return refusal;
    }

    /** Somebody else was faster. */
    static NotDead anyMore() {
        return new NotDead("The delivery is no longer DEAD.");
    }
}
