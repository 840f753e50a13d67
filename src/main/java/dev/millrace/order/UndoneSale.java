package dev.millrace.order;

import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What had been sold and is not any more.
 *
 * @param soldAt when it was counted; null if there is nothing to take back
 */
public record UndoneSale(@Nullable Instant soldAt, List<Sale> sales) {

    public static final UndoneSale NONE = new UndoneSale(null, List.of());
}
