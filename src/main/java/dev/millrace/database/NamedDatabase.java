package dev.millrace.database;

import io.r2dbc.spi.ConnectionFactoryOptions;
import org.jspecify.annotations.Nullable;

/** A database that the configuration names by its R2DBC URL. */
final class NamedDatabase {

    private NamedDatabase() {}

    static ConnectionFactoryOptions of(String url, @Nullable String username, @Nullable String password) {
        ConnectionFactoryOptions.Builder options =
                ConnectionFactoryOptions.parse(url).mutate();
        if (username != null) {
            options.option(ConnectionFactoryOptions.USER, username);
        }
        if (password != null) {
            options.option(ConnectionFactoryOptions.PASSWORD, password);
        }
        return options.build();
    }
}
