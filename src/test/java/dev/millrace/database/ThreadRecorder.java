package dev.millrace.database;

import java.sql.Connection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.api.Trigger;

/** Called by the database itself, on the thread that a statement runs on; public, since the database asks for that. */
public final class ThreadRecorder implements Trigger {

    static final Set<String> THREADS = ConcurrentHashMap.newKeySet();

    @Override
    public void fire(Connection connection, Object[] before, Object[] after) {
        THREADS.add(currentThread());
    }

    public static String currentThread() {
        return Thread.currentThread().getName();
    }
}
