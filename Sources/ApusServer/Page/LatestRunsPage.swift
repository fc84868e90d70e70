import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `GET /`: the latest runs and what each did. Read-only, plain, and never empty.
struct LatestRunsPage: Sendable {
    let node: Node

    private static let runs = 30

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/") { _, _ in try await page() }
    }

    private struct Row: Sendable {
        var run: StoredRun
        var timeline: RunTimeline
    }

    private func page() async throws -> Response {
        let rows = try await node.read { reader throws(StoreError) -> [Row] in
            var rows: [Row] = []
            for run in try reader.latestRuns(before: nil, limit: Self.runs) {
                let turns = try reader.journal(ofRun: run.id)?.turns ?? []
                rows.append(Row(run: run, timeline: RunTimeline(turns: turns)))
            }
            return rows
        }
        let html = document(rows: rows, registry: node.registry)
        return Answers.text(
            html.description,
            type: "text/html; charset=utf-8",
            headers: [.contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'"]
        )
    }

    private func document(rows: [Row], registry: Registry) -> HTML {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>Apus: latest runs</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
        body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.25rem; } code, time { font: 13px ui-monospace, monospace; }
        details { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .5rem 0; }
        ol { list-style: none; padding-left: 1rem; margin: .5rem 0; }
        .failed { color: light-dark(#b00020, #ff8a80); } .waiting { color: light-dark(#8a5a00, #ffd180); }
        </style></head><body>
        <h1>Latest runs</h1>
        <p>\(apps(registry))</p>
        \(rows.isEmpty ? empty : .join(rows.map(section)))
        </body></html>
        """
    }

    private func apps(_ registry: Registry) -> HTML {
        guard !registry.apps.isEmpty else { return "No app has registered yet." }
        return .join(
            registry.apps.values.sorted { $0.name < $1.name }.map { app in
                let count = registry.functions(of: app.id).filter { !$0.isArchived }.count
                let problem: HTML = app.error.map { " <span class=\"failed\">\($0)</span>" } ?? ""
                return "App <b>\(app.name)</b> at <code>\(app.url)</code>, \(count) functions\(problem). "
            }
        )
    }

    private var empty: HTML {
        """
        <p>No run yet. Send an event that a function listens to:</p>
        <pre><code>curl http://localhost:8288/e/dev -d '{"name":"shop/user.signed-up","data":{"email":"a@b.c"}}'</code></pre>
        """
    }

    private func section(_ row: Row) -> HTML {
        let status = row.run.projection.status
        return """
            <details><summary><span class="\(mark(status))">\(status.name)</span> <b>\(row.run.functionSlug)</b>
            on <code>\(row.run.eventName)</code> <time>\(row.run.createdAt.rfc3339)</time> <code>\(row.run.id)</code></summary>
            <ol>\(.join(row.timeline.lines.map { line in
                "<li class=\"\(line.state.rawValue)\"><time>\(line.at.rfc3339)</time> \(line.what)</li>"
            }))</ol></details>
            """
    }

    private func mark(_ status: RunStatus) -> String {
        switch status {
        case .running: "waiting"
        case .completed: "done"
        case .failed, .cancelled: "failed"
        }
    }
}
