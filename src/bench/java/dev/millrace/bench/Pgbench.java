package dev.millrace.bench;

import dev.millrace.bench.PostgresServer.Database;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;

/** The benchmark that comes with PostgreSQL, with the transaction of {@link Limit} as its script. */
@RequiredArgsConstructor
final class Pgbench {

    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+)");

    private static final String SCRIPT = """
            \\set u %s
            begin;
            update balance set amount=amount-100, version=version+1 where user_id=:u and amount>=100;
            insert into payment(order_id,user_id,amount,status) values(:u,:u,100,'SUCCESS');
            insert into outbox(type,payload) values('OrderConfirmedEvent','{"orderId":"123e4567-e89b-12d3-a456-426614174000","userId":1,"amount":100}');
            commit;
            """;

    private final Path executable;
    private final Options options;

    /** The one that was named, or else the one on the path. */
    static Optional<Pgbench> find(Options options) {
        String path = System.getenv().getOrDefault("PATH", "");
        Stream<Path> candidates = options.pgbench().isEmpty()
                ? Stream.of(path.split(File.pathSeparator)).map(directory -> Path.of(directory, "pgbench"))
                : Stream.of(Path.of(options.pgbench()));
        return candidates.filter(Files::isExecutable).findFirst().map(found -> new Pgbench(found, options));
    }

    /** Transactions per second of 32 clients. */
    double perSecond(Database database, boolean oneAccount) throws IOException, InterruptedException {
        Path script = options.directory().resolve("tx.sql");
        Files.writeString(script, SCRIPT.formatted(oneAccount ? "1" : "random(1,100000)"));
        ProcessBuilder command = new ProcessBuilder(command(database, script));
        command.environment().put("PGPASSWORD", database.server().password());
        Process process = command.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher rate = RATE.matcher(output);
        if (process.waitFor() != 0 || !rate.find()) {
            throw new IllegalStateException("pgbench says:\n" + output);
        }
        return Double.parseDouble(rate.group(1));
    }

    private List<String> command(Database database, Path script) {
        PostgresServer server = database.server();
        String seconds = String.valueOf(options.round().toSeconds());
        return Stream.of(
                        List.of(executable.toString(), "-n", "-M", "prepared", "-f", script.toString()),
                        List.of("-c", "32", "-j", "2", "-T", seconds),
                        List.of("-h", server.host(), "-p", server.port(), "-U", server.user(), database.name()))
                .flatMap(List::stream)
                .toList();
    }
}
