package dev.millrace.order;

import java.util.UUID;

/**
 * Why a paid order was not confirmed.
 *
 * @param permanent whether no repetition would mend it
 */
record FailedConfirmation(UUID orderId, UUID paymentId, String reason, boolean permanent, int attempts) {}
