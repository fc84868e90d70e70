import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// What a living run waits for, and when that will be over as far as anybody knows.
package struct WaitReport: Hashable, Sendable {
    /// A rule of flow control, or what the run does: `sleep`, `event`, `signal`, `invoke`, `retry`, `scheduled`,
    /// `call`, `gateway`, `endpoint`.
    package var kind: String
    package var reason: String
    package var since: Timestamp?
    package var until: Timestamp?
    package var key: String?
    /// Runs that go first.
    package var ahead: Int?

    /// - Returns: `nil` for a run that has ended, or that is about to go on.
    package static func find(_ run: StoredRun, on node: Node) async throws -> WaitReport? {
        guard !run.projection.status.isFinal else { return nil }
        if let standing = await node.standing(of: run.row) { return WaitReport(standing) }
        let row = run.row
        let loaded = try await node.read { reader throws(StoreError) in try reader.run(row) }
        guard let loaded, let first = loaded.turns.first, case .started(let start)? = first.entries.first else {
            return nil
        }
        var fold = Run(row: row, start: start, createdAt: first.at)
        for turn in loaded.turns { fold.apply(turn) }
        return WaitReport(fold)
    }

    package init(_ standing: Standing) {
        kind = standing.obstacle.rule.name
        reason = WaitText.reason(standing)
        since = standing.since
        until = standing.until
        key = standing.obstacle.key.isEmpty ? nil : standing.obstacle.key
        ahead = standing.ahead
    }

    /// Of several things that a run does at a time, the one that will be over first.
    init?(_ run: Run) {
        if let job = run.jobs.first(where: \.isCalling) {
            guard job.gateways.isEmpty else {
                kind = "gateway"
                let open = job.gateways.filter { !run.isFinished($0.step) }
                let names = open.map { "\($0.host) for step \(run.labels[$0.step]?.name ?? $0.step.description)" }
                let all = names.joined(separator: ", and one to ")
                reason = "The server makes a request to \(all), and has no answer yet."
                since = job.wakeTime
                return
            }
            kind = "call"
            reason = "The app is being called since \(job.wakeTime.rfc3339) and has not answered yet."
            since = job.wakeTime
            return
        }
        if let hosted = run.hosted.flatMap(run.job) {
            kind = "endpoint"
            reason =
                "The app does its work in a request of its own. If the app says nothing more of it, the endpoint is "
                + "called again at \(hosted.wakeTime.rfc3339)."
            until = hosted.wakeTime
            return
        }
        guard let job = run.jobs.min(by: { $0.wakeTime < $1.wakeTime }) else { return nil }
        let step = job.step.map { run.labels[$0]?.name ?? $0.description } ?? ""
        until = job.wakeTime
        let time = job.wakeTime.rfc3339
        switch job.kind {
        case .sleep:
            kind = "sleep"
            reason = "It sleeps in \(step) until \(time)."
        case .deadline(let id):
            if let wait = run.waits[id] {
                kind = "invoke"
                reason = "Step \(step) waits for the run of \(wait.functionSlug) to end, until \(time) at the latest."
            } else if let listener = run.listener(of: id) {
                if case .signal = listener.purpose { kind = "signal" } else { kind = "event" }
                let condition = listener.condition.map { " with \($0)" } ?? ""
                reason = "Step \(step) waits for the \(kind) \(listener.name)\(condition), until \(time) at the latest."
            } else {
                return nil
            }
        case .discovery, .target:
            guard job.attempt == 0 else {
                kind = "retry"
                reason = "Attempt \(job.attempt + 1) follows at \(time), because the one before failed."
                return
            }
            kind = "scheduled"
            reason = "It starts at \(time)."
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("rule")
        writer.value(kind)
        writer.key("reason")
        writer.value(reason)
        if let key {
            writer.key("key")
            writer.value(key)
        }
        if let since {
            writer.key("since")
            writer.value(since.rfc3339)
        }
        if let until {
            writer.key("until")
            writer.value(until.rfc3339)
        }
        if let ahead {
            writer.key("ahead")
            writer.value(ahead)
        }
        writer.endObject()
    }
}
