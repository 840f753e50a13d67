package dev.millrace.bench;

import java.util.Map;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;

/** The report as one HTML file that needs nothing else: no script, no font, no image from elsewhere. */
@RequiredArgsConstructor
final class Page {

    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #e4e7ec; --paper: #fff; --card: #f8f9fb;
              --millrace: #0e7490; --compared: #f59e0b; --limit: #98a2b3; }
            @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442; --paper: #12161d;
              --card: #1a202a; --millrace: #22b8cf; --compared: #fbbf24; --limit: #5d6778; } }
            * { box-sizing: border-box; }
            body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 62rem; color: var(--ink); background: var(--paper);
              font: 16px/1.55 system-ui, sans-serif; }
            h1 { margin: 0; font-size: 1.9rem; letter-spacing: -.02em; }
            h2 { margin: 0 0 .2rem; font-size: 1.15rem; }
            p { margin: 0 0 1rem; max-width: 48rem; color: var(--soft); }
            .ratios { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
            .ratios div, section { padding: 1rem 1.2rem; border: 1px solid var(--line); border-radius: 12px;
              background: var(--card); }
            .ratios b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
            .ratios small, dt { color: var(--soft); }
            section { margin: 1rem 0; }
            svg { display: block; width: 100%; height: auto; font-size: 13px; }
            svg text { fill: var(--soft); dominant-baseline: middle; }
            svg .label { text-anchor: end; fill: var(--ink); }
            svg .value { fill: var(--ink); font-weight: 600; }
            svg line { stroke: var(--line); }
            svg circle { fill: var(--paper); stroke: var(--ink); stroke-width: 1; }
            svg path { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
            rect.millrace { fill: var(--millrace); } path.millrace { stroke: var(--millrace); }
            rect.compared { fill: var(--compared); } path.compared { stroke: var(--compared); }
            rect.limit { fill: var(--limit); } path.limit { stroke: var(--limit); }
            table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
            th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; }
            th:first-child, td:first-child { text-align: left; }
            dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .9rem; }
            dd { margin: 0; }
            """;

    private static final String HTML = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>How fast Millrace is</title>
            <style>
            %s</style>
            <h1>How fast Millrace is</h1>
            <p>Client, service and database shared one machine. Bars are medians, dots the rounds, in which the variants took turns:
            compare the figures of this run with each other, not with those of another one.</p>
            <div class="ratios">
            %s
            </div>
            %s
            <section>
            <h2>All figures</h2>
            <table>
            <tr><th>figure<th>median<th>lowest<th>highest
            %s
            </table>
            </section>
            <section>
            <h2>How it was measured</h2>
            %s
            <dl>
            %s
            </dl>
            </section>
            </html>
            """;

    private final Report report;
    private final Map<String, String> environment;

    String html() {
        return HTML.formatted(STYLE, ratios(), charts(), figures(), notes(), environment());
    }

    private String ratios() {
        return report.ratios().stream()
                .map(ratio -> "<div><b>%s</b>%s<br><small>%s</small></div>"
                        .formatted(ratio.text(), escaped(ratio.name()), ratio.detail()))
                .collect(Collectors.joining("\n"));
    }

    private String charts() {
        return report.charts().stream()
                .map(chart -> "<section>\n<h2>%s</h2>\n<p>%s</p>\n%s\n</section>"
                        .formatted(escaped(chart.title()), escaped(chart.note()), chart.svg()))
                .collect(Collectors.joining("\n"));
    }

    private String figures() {
        Rounds rounds = report.rounds();
        return rounds.figures().stream()
                .map(figure -> "<tr><td>%s<td>%s<td>%s<td>%s"
                        .formatted(
                                escaped(figure),
                                Rounds.plain(rounds.median(figure)),
                                Rounds.plain(rounds.lowest(figure)),
                                Rounds.plain(rounds.highest(figure))))
                .collect(Collectors.joining("\n"));
    }

    private String notes() {
        return report.notes().stream()
                .map(note -> "<p>%s.</p>".formatted(escaped(note)))
                .collect(Collectors.joining("\n"));
    }

    private String environment() {
        return environment.entrySet().stream()
                .map(known -> "<dt>%s<dd>%s".formatted(escaped(known.getKey()), escaped(known.getValue())))
                .collect(Collectors.joining("\n"));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
