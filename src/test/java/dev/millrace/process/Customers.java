package dev.millrace.process;

import dev.millrace.process.Api.Reply;
import dev.millrace.process.MoneyRequest.Sale;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;

/**
 * Customers who charge their balances, order and pay side by side, and what they were answered. It outlives the service that
 * it deals with.
 */
final class Customers {

    private static final int USERS = 8;
    private static final int THREADS = 16;
    private static final int MAX_QUANTITY = 5;
    private static final int STOPPING = 503;

    /** Prices by product. */
    private final Map<Long, Long> products = new ConcurrentHashMap<>();

    private final Map<MoneyRequest, Reply> answered = new ConcurrentHashMap<>();
    private final Queue<MoneyRequest> unanswered = new ConcurrentLinkedQueue<>();
    private final Queue<Reply> unexpected = new ConcurrentLinkedQueue<>();
    private volatile boolean sentHome;

    void putProductsOnSale(Api api) throws IOException {
        for (int price = 1_000; price <= 5_000; price += 1_000) {
            Reply added = requireSuccess(api.post("/products", """
                    {"name": "Product of %d", "price": %d}""".formatted(price, price)));
            products.put(added.json().get("id").asLong(), (long) price);
        }
    }

    /** Lets the customers in; they go on until the service is gone, or they are sent home. */
    List<Thread> letIn(Api api) {
        sentHome = false;
        List<Thread> threads = LongStream.range(0, THREADS)
                .mapToObj(number -> new Thread(() -> buyUntilClosed(api, 1 + number % USERS), "customer-" + number))
                .toList();
        threads.forEach(Thread::start);
        return threads;
    }

    /** Has them finish what they are at, and go. */
    void sendHome() {
        sentHome = true;
    }

    /** Charges what an order costs, and places the order. */
    MoneyRequest prepareOrder(Api api, long userId) throws IOException {
        int quantity = ThreadLocalRandom.current().nextInt(MAX_QUANTITY) + 1;
        MoneyRequest payment = placeOrder(api, userId, anyProduct(), quantity);
        send(api, MoneyRequest.charge(userId, -payment.amount()));
        return payment;
    }

    /** Places an order that there may not be the money for. */
    MoneyRequest placeOrder(Api api, long userId, long productId, int quantity) throws IOException {
        Reply order = requireSuccess(api.post("/orders", """
                {"userId": %d, "items": [{"productId": %d, "quantity": %d}]}""".formatted(userId, productId, quantity)));
        return MoneyRequest.payment(
                userId,
                products.get(productId) * quantity,
                new Sale(order.json().get("id").asString(), productId, quantity));
    }

    long anyProduct() {
        List<Long> ids = List.copyOf(products.keySet());
        return ids.get(ThreadLocalRandom.current().nextInt(ids.size()));
    }

    /** Sends a request and remembers its answer, or that there was none. */
    Reply send(Api api, MoneyRequest request) throws IOException {
        try {
            Reply reply = request.sendTo(api);
            accept(request, reply);
            return reply;
        } catch (IOException e) {
            unanswered.add(request);
            throw e;
        }
    }

    /** Remembers an answer that came another way. */
    void accept(MoneyRequest request, Reply reply) throws IOException {
        answered.put(request, requireSuccess(reply));
    }

    /** Repeats what was not answered, as a client has to that does not know what became of its request. */
    int repeatUnanswered(Api api) throws IOException {
        List<MoneyRequest> again = new ArrayList<>(unanswered);
        unanswered.clear();
        for (MoneyRequest request : again) {
            send(api, request);
        }
        return again.size();
    }

    Map<MoneyRequest, Reply> answered() {
        return Map.copyOf(answered);
    }

    List<MoneyRequest> unanswered() {
        return List.copyOf(unanswered);
    }

    /** Answers that were no success: customers here do nothing that could be refused. */
    List<Reply> unexpected() {
        return List.copyOf(unexpected);
    }

    int answeredCount() {
        return answered.size();
    }

    private void buyUntilClosed(Api api, long userId) {
        try {
            while (!sentHome) {
                send(api, prepareOrder(api, userId));
            }
        } catch (IOException closed) {
            // the service is gone; what it did not answer is remembered
        }
    }

    private Reply requireSuccess(Reply reply) throws IOException {
        if (reply.status() == STOPPING) {
            throw new IOException("Refused, and not begun");
        }
        if (!reply.isSuccess()) {
            unexpected.add(reply);
            throw new IOException("Not a success: " + reply);
        }
        return reply;
    }
}
