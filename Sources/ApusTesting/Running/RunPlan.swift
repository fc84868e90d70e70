import Apus
import ApusCore

/// A function and all that a test says of it.
struct RunPlan: Sendable {
    let definition: FunctionDefinition
    let stubs: Stubs
    let settings: TestSettings

    init(_ definition: FunctionDefinition, _ stubs: Stubs, _ settings: TestSettings) {
        self.definition = definition
        self.stubs = stubs
        self.settings = settings
    }

    /// Runs the function with the events' data, and what runs when it has failed.
    func run(name: String, data: [RawJSON]) async throws -> RunRecord {
        let start = Timestamp(settings.start)
        let events = data.enumerated().map { index, data in
            RunPlan.event(name, data, id: "event-\(index + 1)", at: start)
        }
        try checkStart(name, events, start)
        switch settings.handlers {
        case .replayed: return try await run(events, start, isKept: false)
        case .kept: return try await run(events, start, isKept: true)
        case .both:
            let replayed = try await run(events, start, isKept: false)
            let kept = try await run(events, start, isKept: true)
            if let difference = replayed.difference(from: kept) {
                throw TestFailure(
                    "with handlers that are kept, function \(definition.slug) does something else: \(difference)")
            }
            return replayed
        }
    }

    /// Runs the function at a time of another run's clock.
    func run(_ events: [RawJSON], _ start: Timestamp, isKept: Bool) async throws -> RunRecord {
        var simulation = try Simulation(self, events, start, isKept: isKept)
        var record = try await simulation.run()
        guard record.status == .failed, let handler = definition.onFailure.first else { return record }
        let error = record.error?.json ?? .emptyObject
        let failed = RunPlan.event(
            "inngest/function.failed",
            .object([
                "_inngest": .object(["status": .string("Failed")]), "error": error,
                "event": events.first ?? .emptyObject,
                "events": .array(events), "function_id": .string(definition.slug), "run_id": .string(simulation.runID),
            ]), id: simulation.runID, at: simulation.now)
        let plan = RunPlan(handler, stubs, settings)
        record.failureHandler = [try await plan.run([failed], simulation.now, isKept: isKept)]
        return record
    }

    static func event(_ name: String, _ data: RawJSON, id: String, at time: Timestamp) -> RawJSON {
        .object([
            "data": data, "id": .string(id), "name": .string(name), "ts": .int(time.milliseconds),
            "user": .emptyObject,
        ])
    }

    // MARK: - What would not start

    private func checkStart(_ name: String, _ events: [RawJSON], _ now: Timestamp) throws {
        let limit = definition.fields.options["batchEvents"]?.view["maxSize"]?.int
        guard events.count <= limit ?? 1 else {
            throw TestFailure("function \(definition.slug) starts with \(limit ?? 1) events at most")
        }
        if definition.triggers.isEmpty { return }
        let patterns = TriggerPattern.patterns(matching: name)
        let triggers = definition.triggers.map(\.view).filter { trigger in
            if trigger["cron"] != nil { return name == "inngest/scheduled.timer" }
            return patterns.contains(trigger["event"]?.string ?? "")
        }
        guard !triggers.isEmpty else { throw TestFailure("event \(name) does not start function \(definition.slug)") }
        for event in events {
            let problems = triggers.map { Condition.problem($0["expression"]?.string, event: event, now: now) }
            guard !problems.contains(nil) else { continue }
            throw TestFailure(
                "the event does not start function \(definition.slug): \(problems.compactMap(\.self).joined(separator: "; "))"
            )
        }
    }
}
