import ApusCore
import ApusEngine
import ApusStore

/// What a function made of an event.
enum OutcomeJSON {
    static func write(_ outcome: Outcome, function: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("function", function)
        writer.member("outcome", outcome.isTaken ? "merged" : "skipped")
        writer.member("rule", outcome.rule.name)
        writer.member("reason", WaitText.reason(outcome, function: function))
        writer.member("at", outcome.at.rfc3339)
        if !outcome.key.isEmpty { writer.member("key", outcome.key) }
        if let run = outcome.run { writer.member("run_id", run.description) }
        writer.endObject()
    }

    /// Nothing stood in the event's way.
    static func write(_ run: StoredRun, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("function", run.functionSlug)
        writer.member("outcome", "started")
        writer.member("reason", "\(run.functionSlug) has started run \(run.id).")
        writer.member("at", run.createdAt.rfc3339)
        writer.member("run_id", run.id.description)
        writer.endObject()
    }
}
