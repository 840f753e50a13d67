package dev.millrace.event;

import dev.millrace.harness.RunningService;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

/** Events that stay within this process. */
@RunningService
class SinksEventTransportTests extends EventTransportContract {

    SinksEventTransportTests(DatabaseClient database, TransactionalOperator tx) {
        super(database, tx, EventBench.NO_KAFKA);
    }
}
