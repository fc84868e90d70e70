import ApusCore
import ApusEngine
import ApusStore

/// What a function made of an event.
enum OutcomeJSON {
    static func write(_ outcome: Outcome, function: String, to writer: inout JSONWriter) {
        writer.beginObject()
        write("function", function, &writer)
        write("outcome", outcome.isTaken ? "merged" : "skipped", &writer)
        write("rule", outcome.rule.name, &writer)
        write("reason", WaitText.reason(outcome, function: function), &writer)
        write("at", outcome.at.rfc3339, &writer)
        if !outcome.key.isEmpty { write("key", outcome.key, &writer) }
        if let run = outcome.run { write("run_id", run.description, &writer) }
        writer.endObject()
    }

    /// Nothing stood in the event's way.
    static func write(_ run: StoredRun, to writer: inout JSONWriter) {
        writer.beginObject()
        write("function", run.functionSlug, &writer)
        write("outcome", "started", &writer)
        write("reason", "\(run.functionSlug) has started run \(run.id).", &writer)
        write("at", run.createdAt.rfc3339, &writer)
        write("run_id", run.id.description, &writer)
        writer.endObject()
    }

    private static func write(_ key: String, _ value: String, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.value(value)
    }
}
