package dev.millrace.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Orders that wait for their payment, placed by SQL since placing them is not what is measured. Everything about an order
 * follows from its number, so that nothing has to be remembered or read back.
 *
 * <p>Numbers are taken by one thread at a time.
 */
final class Orders {

    static final long NONE = -1;

    /** An id ends with as many digits of the order's number. */
    static final int DIGITS = 12;

    static final int ACCOUNTS = 100_000;
    static final int PRODUCTS = 100;

    private static final long HOT_ACCOUNT = 1_000_000;
    private static final long FIRST_HOT = 500_000_000_000L;

    /** A number's digits end an id of version 7 whose time is the same for all of a run. */
    private static final String ID = "CAST('%s' || LPAD(CAST(i AS VARCHAR), 12, '0') AS UUID)";

    private static final String[] SHOP = {
        "INSERT INTO product (name, price) SELECT 'Product ' || i, 1000 FROM GENERATE_SERIES(1, %d) AS n (i)"
                .formatted(PRODUCTS),
        "INSERT INTO balance (user_id, amount, version) SELECT i, 1000000000000, 1 FROM (%s) AS accounts",
        """
        INSERT INTO balance_entry (user_id, sequence, id, type, amount, balance_after, at)
        SELECT i, 1, %s, 'CHARGE', 1000000000000, 1000000000000, CURRENT_TIMESTAMP FROM (%%s) AS accounts
        """.formatted(ID.formatted("01900000-0000-7000-8000-"))
    };

    private static final String ALL_ACCOUNTS =
            "SELECT i FROM GENERATE_SERIES(1, %d) AS n (i) UNION ALL SELECT %d".formatted(ACCOUNTS, HOT_ACCOUNT);

    private static final String PLACE = """
            INSERT INTO orders (id, user_id, status, total_amount, created_at, version)
            SELECT %s, %s, 'CREATED', 1000, CURRENT_TIMESTAMP, 0
              FROM GENERATE_SERIES(%d, %d) AS n (i)
            """;

    private static final String PLACE_OPEN = """
            INSERT INTO open_order (order_id, user_id, total_amount, expires_at, paid)
            SELECT %s, %s, 1000, CURRENT_TIMESTAMP + INTERVAL '1' DAY, FALSE
              FROM GENERATE_SERIES(%d, %d) AS n (i)
            """;

    private static final String PLACE_ITEMS = """
            INSERT INTO order_item (order_id, line, product_id, name, quantity, unit_price)
            SELECT %s, 0, 1 + MOD(i, %d), 'Product ' || (1 + MOD(i, %d)), 1, 1000
              FROM GENERATE_SERIES(%d, %d) AS n (i)
            """;

    private final boolean hot;
    private final String idPrefix;
    private final Deque<Long> unpaid = new ArrayDeque<>();
    private long next;
    private long end;

    private Orders(boolean hot, long first) {
        this.hot = hot;
        this.next = first;
        this.end = first;
        String time = "%012x".formatted(System.currentTimeMillis());
        this.idPrefix = time.substring(0, 8) + "-" + time.substring(8) + "-7000-8000-";
    }

    /** Of all accounts, one after the other. */
    static Orders spread() {
        return new Orders(false, 1);
    }

    /** Of a single account. */
    static Orders ofOneAccount() {
        return new Orders(true, FIRST_HOT);
    }

    /** Products to sell, and accounts that can pay for all of them; once in a database. */
    static void openShop(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : SHOP) {
                statement.execute(sql.formatted(ALL_ACCOUNTS));
            }
        }
    }

    /** Sees to it that there are as many to be paid, one number after the other: what was given back before stays unpaid. */
    void prepare(Connection connection, long count) throws SQLException {
        unpaid.clear();
        long last = next + count - 1;
        if (last < end) {
            return;
        }
        String id = ID.formatted(idPrefix);
        String account =
                hot ? String.valueOf(HOT_ACCOUNT) : "1 + MOD(CAST(i AS BIGINT) * 7919, %d)".formatted(ACCOUNTS);
        try (Statement statement = connection.createStatement()) {
            statement.execute(PLACE.formatted(id, account, end, last));
            statement.execute(PLACE_OPEN.formatted(id, account, end, last));
            statement.execute(PLACE_ITEMS.formatted(id, PRODUCTS, PRODUCTS, end, last));
        }
        end = last + 1;
    }

    /** The next one to pay, or {@link #NONE}. */
    long take() {
        if (!unpaid.isEmpty()) {
            return unpaid.pop();
        }
        return next < end ? next++ : NONE;
    }

    /** To be taken again in the same turn, since it was not paid. */
    void giveBack(long number) {
        unpaid.push(number);
    }

    /** The lowest number that was never taken. */
    long next() {
        return next;
    }

    long left() {
        return end - next + unpaid.size();
    }

    String id(long number) {
        String digits = String.valueOf(number);
        return idPrefix + "0".repeat(DIGITS - digits.length()) + digits;
    }

    long account(long number) {
        return hot ? HOT_ACCOUNT : 1 + number * 7919 % ACCOUNTS;
    }
}
