package dev.millrace.bench;

import dev.millrace.bench.PostgresServer.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A service, its database, and the orders in it that wait to be paid. */
final class Installation implements AutoCloseable {

    private static final double LEAST_EXPECTED = 4_000;
    private static final Duration SETTLING = Duration.ofMinutes(3);
    private static final String INVARIANTS = "/admin/invariants";
    private static final String OWED = "/admin/deliveries?limit=1";

    private final String name;
    private final Service service;
    private final @Nullable Database database;
    private final LoadClient client;
    private final Orders spread;
    private final Orders oneAccount = Orders.ofOneAccount();
    private double fastest = LEAST_EXPECTED;

    private Installation(String name, Service service, @Nullable Database database, LoadClient client, Orders spread) {
        this.name = name;
        this.service = service;
        this.database = database;
        this.client = client;
        this.spread = spread;
    }

    /** On a new database of the server. */
    static Installation onPostgres(Workbench bench, String name, String heap, String... arguments)
            throws IOException, SQLException {
        Database database = bench.server().freshDatabase(name);
        Service service = start(bench, name, heap, database, arguments);
        openShop(database);
        return new Installation(name, service, database, bench.client(), Orders.spread());
    }

    /** On a new database that holds a past. */
    static Installation onPostgres(Workbench bench, String name, Past past) throws IOException, SQLException {
        Database database = bench.server().freshDatabase(name);
        try (Service empty = start(bench, name + "-migration", Service.HEAP, database)) {
            empty.get(INVARIANTS);
        }
        openShop(database);
        past.fill(database);
        Service service = start(bench, name, Service.HEAP, database);
        if (!service.get(INVARIANTS).startsWith("{\"ok\":true")) {
            throw new IllegalStateException("The past is not as the service would have left it");
        }
        return new Installation(name, service, database, bench.client(), Orders.spread());
    }

    /** On an embedded database of its own. Nobody else can write into it while the service runs, so all orders are placed before. */
    static Installation onH2(Workbench bench, String name, String... arguments) throws IOException, SQLException {
        Options options = bench.options();
        Path directory = options.directory()
                .resolve("%s-%d".formatted(name, ProcessHandle.current().pid()));
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--millrace.data-dir=" + directory.toAbsolutePath());
        Service.start(options, name + "-migration", Service.HEAP, all).close();
        Orders spread = Orders.spread();
        String url = "jdbc:h2:file:%s;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
                .formatted(directory.resolve("millrace").toAbsolutePath());
        long seconds = options.warmup().toSeconds()
                + options.rounds() * options.round().toSeconds();
        try (Connection connection = DriverManager.getConnection(url, "sa", "");
                Statement statement = connection.createStatement()) {
            Orders.openShop(connection);
            spread.prepare(connection, (long) (1.5 * LEAST_EXPECTED * seconds));
            // The service has told the file to stay open when its last connection is closed.
            statement.execute("SHUTDOWN");
        }
        return new Installation(name, Service.start(options, name, Service.HEAP, all), null, bench.client(), spread);
    }

    String name() {
        return name;
    }

    Service service() {
        return service;
    }

    Orders spread() {
        return spread;
    }

    Orders oneAccount() {
        return oneAccount;
    }

    Database database() {
        if (database == null) {
            throw new IllegalStateException("The embedded database is the service's alone");
        }
        return database;
    }

    /** Places as many orders as can be paid in that time, by what was seen so far. */
    void prepare(Orders orders, Duration duration) throws SQLException {
        if (database != null) {
            try (Connection connection = database.connect()) {
                orders.prepare(connection, (long) (1.5 * fastest * duration.toMillis() / 1_000));
            }
        }
    }

    /** Payments by clients that each wait for their answer. The service settles earlier ones meanwhile, as it always does. */
    Outcome pay(Orders orders, int clients, Duration duration) throws SQLException {
        return pay(orders, Pace.closed(), clients, duration).requireOnlyPayments();
    }

    /** Payments at a pace, whatever the answers are. */
    Outcome pay(Orders orders, Pace pace, int connections, Duration duration) throws SQLException {
        prepare(orders, duration);
        Outcome outcome = client.run(service.address(), orders, pace, connections, duration);
        fastest = Math.max(fastest, outcome.perSecond());
        if (orders.left() == 0) {
            System.out.printf("  %s: all orders were paid before the turn was over%n", name);
        }
        return outcome;
    }

    /** Until no delivery is owed any more, so that no turn pays for what another one left behind. The service itself is asked. */
    void awaitSettled() {
        if (!Wait.until(() -> service.get(OWED).contains("\"data\":[]"), SETTLING)) {
            throw new IllegalStateException("Deliveries are still owed after " + SETTLING);
        }
    }

    @Override
    public void close() {
        service.close();
        if (database != null) {
            database.drop();
        }
    }

    private static Service start(Workbench bench, String name, String heap, Database database, String... arguments)
            throws IOException {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(database.arguments());
        return Service.start(bench.options(), name, heap, all);
    }

    private static void openShop(Database database) throws SQLException {
        try (Connection connection = database.connect()) {
            Orders.openShop(connection);
        }
        database.execute("ANALYZE product, balance, balance_entry");
    }
}
