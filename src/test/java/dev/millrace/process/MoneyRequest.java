package dev.millrace.process;

import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/**
 * A request that moves money, and that can be repeated as it is.
 *
 * @param amount what it adds to the user's balance
 * @param sale what it pays for, if it is a payment
 */
record MoneyRequest(long userId, String path, String body, String key, long amount, Optional<Sale> sale) {

    /** One product in one order. */
    record Sale(String orderId, long productId, int quantity) {}

    static MoneyRequest charge(long userId, long amount) {
        String path = "/balances/" + userId + "/charges";
        String body = """
                {"amount": %d}""".formatted(amount);
        return new MoneyRequest(userId, path, body, newKey(), amount, Optional.empty());
    }

    static MoneyRequest payment(long userId, long amount, Sale sale) {
        String body = """
                {"orderId": "%s", "userId": %d}""".formatted(sale.orderId(), userId);
        return new MoneyRequest(userId, "/payments", body, newKey(), -amount, Optional.of(sale));
    }

    Reply sendTo(Api api) throws IOException {
        return api.post(path, body, key);
    }

    private static String newKey() {
        return UUID.randomUUID().toString();
    }
}
