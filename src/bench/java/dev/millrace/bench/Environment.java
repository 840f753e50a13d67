package dev.millrace.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;

/** What has to be known to repeat a run. */
final class Environment {

    private Environment() {}

    static Map<String, String> of(Options options, PostgresServer server) throws IOException {
        Map<String, String> known = new LinkedHashMap<>();
        known.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        known.put("commit", commit());
        known.put("machine", machine());
        known.put("service", "%s, -Xmx%s %s".formatted(java(options), Service.HEAP, String.join(" ", options.jvm())));
        known.put(
                "rounds",
                "%d of %d s, after %d s of warming up"
                        .formatted(
                                options.rounds(),
                                options.round().toSeconds(),
                                options.warmup().toSeconds()));
        known.put("export", "the fake platform, inside the service");
        server.settings().forEach((name, value) -> known.put("PostgreSQL " + name, value));
        return known;
    }

    private static String commit() {
        String hash = outputOf("git", "rev-parse", "--short", "HEAD").strip();
        return outputOf("git", "status", "--porcelain").isBlank() ? hash : hash + " and changes";
    }

    private static String java(Options options) {
        return outputOf(options.java().toString(), "-version")
                .lines()
                .findFirst()
                .orElse("unknown");
    }

    private static String machine() throws IOException {
        return "%d cores, %s, %s"
                .formatted(Runtime.getRuntime().availableProcessors(), processor(), System.getProperty("os.name"));
    }

    private static String processor() throws IOException {
        Path information = Path.of("/proc/cpuinfo");
        if (!Files.exists(information)) {
            return System.getProperty("os.arch");
        }
        return Files.readAllLines(information).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(System.getProperty("os.arch"));
    }

    /** Empty if the command is not there, or fails. */
    private static String outputOf(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? output : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
