package dev.millrace.transaction;

import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Has the transactions of a pipeline commit together with others that run in the same lane at that moment. Put it into the
 * pipeline's context; the pipeline itself stays as it is.
 *
 * @param name what is done there
 * @param account those with the same one run in the same lane, one group after the other, and so hardly ever wait for its row
 * @param subject those with the same one never share a group: each begins when the one before has committed
 * @param owedSince since when it has been owed, if it gives way: while anything is under way that does not, all of it goes through a
 *     single lane, whatever the account; and while much is, that rests between its groups, unless it does what has been owed for long
 */
public record Lane(
        String name,
        Object account,
        Object subject,
        @Nullable Instant owedSince) {

    public Lane(String name, Object account, Object subject) {
        this(name, account, subject, null);
    }

    /** For work of which no two pieces contend for anything: it has one lane. */
    public static Lane of(String name, Object subject) {
        return new Lane(name, name, subject);
    }

    /** For work that has nothing to do with any other. */
    public static Lane ofAny(String name) {
        return of(name, new Object());
    }

    /** The same for work that nobody waits for: when there is more to do, it may wait, for an account's row too. */
    public Lane givingWay(Instant since) {
        return new Lane(name, account, subject, since);
    }

    /**
     * Whether the pipeline is in a transaction that it shares with others right now, and which has not failed before: so that it may do
     * more than it must, and leaves that when all is done again.
     */
    public static boolean isSharedForTheFirstTime(ContextView context) {
        return context.<Membership>getOrEmpty(Membership.class)
                .map(membership -> membership.member().isFirstRun())
                .orElse(false);
    }

    boolean givesWay() {
        return owedSince != null;
    }

    /** To be given to {@code contextWrite}. */
    public Function<Context, Context> joined() {
        return context -> context.put(Lane.class, this);
    }
}
