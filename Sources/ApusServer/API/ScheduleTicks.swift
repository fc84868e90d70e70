import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

/// The newest ticks of a schedule, with what became of each.
package struct ScheduleTicks {
    /// One tick: its event, and the run that it has started or the rule that kept it from starting one.
    package struct Tick: Sendable {
        package var event: StoredEvent
        package var run: StoredRun?
        package var outcome: Outcome?
    }

    /// Events that are read at a time, and how often at most: schedules share the name of their events.
    private static let pages = (size: 200, most: 20)

    /// Newest first.
    package static func find(
        _ key: ScheduleKey, limit: Int, _ reader: any StoreReader
    ) throws(StoreError) -> [Tick] {
        var found: [Tick] = []
        var cursor: RowID?
        for _ in 0..<pages.most {
            let page = try reader.events(named: ScheduledEvent.name, before: cursor, since: nil, limit: pages.size)
            for event in page where event.body.view["data"]?["cron"]?.string == key.expression {
                let run = try reader.runs(ofEvent: event.id).first { $0.function == key.function }
                let outcome = try reader.outcomes(ofEvent: event.id).first { $0.function == key.function }
                guard run != nil || outcome != nil else { continue }
                found.append(Tick(event: event, run: run, outcome: outcome))
                if found.count == limit { return found }
            }
            guard page.count == pages.size else { break }
            cursor = page.last?.row
        }
        return found
    }

    static func write(_ tick: Tick, function: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("tick")
        writer.value(tick.event.body.view["data"]?["scheduledAt"]?.string ?? "")
        writer.key("event_id")
        writer.value(tick.event.id)
        writer.key("run_status")
        if let run = tick.run { writer.value(run.projection.status.name) } else { writer.null() }
        writer.key("result")
        if let outcome = tick.outcome {
            OutcomeJSON.write(outcome, function: function, to: &writer)
        } else if let run = tick.run {
            OutcomeJSON.write(run, to: &writer)
        } else {
            writer.null()
        }
        writer.endObject()
    }
}
