package dev.millrace.process;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** Clients that hang up in the middle of a payment. */
final class HangUps {

    private static final int AT_A_TIME = 50;
    private static final int LONGEST_PAUSE_MILLIS = 20;

    private HangUps() {}

    /** A third breaks off half-way, a third hangs up at once, and a third a little later. */
    static void on(RunningJar service, List<MoneyRequest> payments) throws Exception {
        SideBySide.call(AT_A_TIME, IntStream.range(0, payments.size()).<Callable<Void>>mapToObj(number -> () -> {
            hangUpOn(service, payments.get(number), number % 3);
            return null;
        }));
    }

    private static void hangUpOn(RunningJar service, MoneyRequest payment, int kind) throws IOException {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        try (RawRequest request = RawRequest.to(service.address(), payment)) {
            if (kind == 0) {
                request.send(random.nextInt(request.length()));
            } else {
                request.sendRest();
            }
            if (kind == 2) {
                request.awaitAnswer(random.nextInt(1, LONGEST_PAUSE_MILLIS));
            }
            request.hangUp(random.nextBoolean());
        }
    }
}
