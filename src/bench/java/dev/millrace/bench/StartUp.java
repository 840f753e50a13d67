package dev.millrace.bench;

import dev.millrace.bench.Chart.Tone;
import dev.millrace.bench.PostgresServer.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** How soon the service takes requests on a database that it knows already, and how much memory it holds then, and in the end. */
final class StartUp implements Scenario {

    private static final String H2 = "H2";
    private static final String POSTGRES = "PostgreSQL";

    private static final String SECONDS = "s from start until it takes requests, ";
    private static final String MEMORY = "MiB of RAM after the start, ";
    private static final String MEMORY_AFTER = "MiB of RAM after the run, PostgreSQL, -Xmx" + Service.HEAP;

    @Override
    public String name() {
        return "startup";
    }

    @Override
    public void run(Workbench bench) throws Exception {
        Path directory = bench.options()
                .directory()
                .resolve("startup-" + ProcessHandle.current().pid());
        List<String> h2 = List.of("--millrace.data-dir=" + directory.toAbsolutePath());
        Database database = bench.server().freshDatabase("startup");
        List<String> postgres = database.arguments();
        start(bench, h2).close();
        start(bench, postgres).close();
        for (int round = 1; round <= bench.options().rounds(); round++) {
            bench.rounds().begin(round);
            measure(bench, H2, h2);
            measure(bench, POSTGRES, postgres);
        }
        database.drop();
        bench.shared().service().residentMiB().ifPresent(resident -> bench.rounds()
                .add(MEMORY_AFTER, resident));
        bench.report()
                .chart(new BarChart("Seconds until the service takes requests", """
                        From the start of the process, on a database that it has migrated before.""")
                        .bar(Tone.MILLRACE, H2, bench.rounds().of(SECONDS + H2))
                        .bar(Tone.MILLRACE, POSTGRES, bench.rounds().of(SECONDS + POSTGRES)));
        bench.report()
                .chart(new BarChart("MiB of RAM", "The whole process, not only its heap.")
                        .bar(Tone.MILLRACE, "started on " + H2, bench.rounds().of(MEMORY + H2))
                        .bar(
                                Tone.MILLRACE,
                                "started on " + POSTGRES,
                                bench.rounds().of(MEMORY + POSTGRES))
                        .bar(Tone.COMPARED, "after the run", bench.rounds().of(MEMORY_AFTER)));
    }

    private static void measure(Workbench bench, String database, List<String> arguments) throws IOException {
        try (Service service = start(bench, arguments)) {
            bench.rounds().add(SECONDS + database, service.startUp().toMillis() / 1_000.0);
            service.residentMiB().ifPresent(resident -> bench.rounds().add(MEMORY + database, resident));
        }
    }

    private static Service start(Workbench bench, List<String> arguments) throws IOException {
        return Service.start(bench.options(), "startup", Service.HEAP, arguments);
    }
}
