package dev.millrace.bench;

import dev.millrace.bench.PostgresServer.Database;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.HdrHistogram.Histogram;

/** The benchmark that comes with PostgreSQL, with the transaction of {@link Limit} as its script. */
@RequiredArgsConstructor
final class Pgbench {

    private static final List<String> MANY = List.of("-c", "32", "-j", "2");
    private static final Duration WARMING = Duration.ofSeconds(2);
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
        String output = run(database, oneAccount ? "1" : "random(1,100000)", options.round(), MANY);
        Matcher rate = RATE.matcher(output);
        if (!rate.find()) {
            throw new IllegalStateException("pgbench says:\n" + output);
        }
        return Double.parseDouble(rate.group(1));
    }

    /** How long a client waits that has the server to itself, in microseconds. */
    Histogram alone(Database database) throws IOException, InterruptedException {
        return latency(database, List.of("-c", "1", "-j", "1"));
    }

    /** The same of 32 clients that together are to make so many transactions per second, since each of those was due. */
    Histogram atRate(Database database, double perSecond) throws IOException, InterruptedException {
        return latency(database, with(MANY, "-R", String.valueOf(Math.round(perSecond))));
    }

    /** Not while the clients connect and the server sees their first statements, nor while they leave. */
    private Histogram latency(Database database, List<String> load) throws IOException, InterruptedException {
        Path logs = Files.createTempDirectory(options.directory(), "pgbench");
        Duration duration = WARMING.multipliedBy(2).plus(options.round());
        run(database, "random(1,100000)", duration, with(load, "-l", "--log-prefix=" + logs.resolve("log")));
        List<Transaction> all = new ArrayList<>();
        try (Stream<Path> files = Files.list(logs)) {
            for (Path file : files.toList()) {
                Files.readAllLines(file).forEach(line -> all.add(Transaction.of(line)));
                Files.delete(file);
            }
        }
        Files.delete(logs);
        long counted = all.stream().mapToLong(Transaction::end).min().orElseThrow() + micros(WARMING);
        Histogram latency = new Histogram(3);
        all.stream()
                .filter(one -> one.end() >= counted && one.end() < counted + micros(options.round()))
                .forEach(one -> latency.recordValue(Math.max(one.latency(), 1)));
        return latency;
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }

    /**
     * A line of its log, in microseconds.
     *
     * @see <a href="https://www.postgresql.org/docs/current/pgbench.html">pgbench, Per-Transaction Logging</a>
     */
    private record Transaction(long end, long latency) {

        static Transaction of(String line) {
            String[] columns = line.split(" ");
            return new Transaction(
                    Long.parseLong(columns[4]) * 1_000_000 + Long.parseLong(columns[5]), Long.parseLong(columns[2]));
        }
    }

    private String run(Database database, String account, Duration duration, List<String> load)
            throws IOException, InterruptedException {
        Path script = options.directory().resolve("tx.sql");
        Files.writeString(script, SCRIPT.formatted(account));
        ProcessBuilder command = new ProcessBuilder(command(database, script, duration, load));
        command.environment().put("PGPASSWORD", database.server().password());
        Process process = command.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("pgbench says:\n" + output);
        }
        return output;
    }

    private List<String> command(Database database, Path script, Duration duration, List<String> load) {
        PostgresServer server = database.server();
        return Stream.of(
                        List.of(executable.toString(), "-n", "-M", "prepared", "-f", script.toString()),
                        load,
                        List.of("-T", String.valueOf(duration.toSeconds())),
                        List.of("-h", server.host(), "-p", server.port(), "-U", server.user(), database.name()))
                .flatMap(List::stream)
                .toList();
    }

    private static List<String> with(List<String> some, String... more) {
        return Stream.concat(some.stream(), Stream.of(more)).toList();
    }
}
