import ApusCEL
import ApusCore
import Testing

@testable import ApusEngine

/// A queue without a shard around it, and the functions and apps that it serves.
final class QueueBench {
    static let app = UUID16.v5(namespace: .oid, name: "app")
    static let otherApp = UUID16.v5(namespace: .oid, name: "other")

    static let thirdApp = UUID16.v5(namespace: .oid, name: "third")

    let queue = RunQueue()
    var now = CoreHarness.start
    private var records: [String: FunctionRecord] = [:]
    private(set) var admissions: [RowID: RunQueue.Admission] = [:]
    private var flows: [RowID: RunFlow] = [:]
    private var owners: [RowID: String] = [:]

    /// Registers a function or changes it.
    func register(
        _ name: String, app: UUID16 = QueueBench.app, isPaused: Bool = false, overridden: LimitOverride? = nil,
        _ flow: FlowControl
    ) {
        var configuration = function(name)
        configuration.flowControl = flow
        let record = FunctionRecord(
            id: .v5(namespace: .oid, name: name), app: app, version: 1, isArchived: false,
            pausedAt: isPaused ? now : nil, override: overridden, configuration: configuration
        )
        records[name] = record
        queue.update(record, now: now)
    }

    func register(_ name: String, app: UUID16 = QueueBench.app, limits: FlowControl.Concurrency...) {
        register(name, app: app, FlowControl(concurrency: limits))
    }

    /// A run wants to start.
    func add(
        _ run: RowID, of name: String = "f", _ data: String = "{}", priority: TimeSpan? = nil, age: TimeSpan = .zero,
        kind: Lane.Kind = .starts
    ) {
        guard let record = records[name] else { return }
        let event = json(#"{"data":\#(data),"id":"1","name":"e","ts":0}"#)
        var flow = queue.rules(of: record.id)?.flow(of: Scope(event: EventValues(stored: event)), now: now)
        if let priority { flow = RunFlow(priority: priority, keys: flow?.keys ?? RunFlow.Keys()) }
        flows[run] = flow
        owners[run] = name
        let isKnown = queue.add(run, of: record.id, kind, flow: flow, createdAt: now - age, since: now)
        #expect(isKnown)
    }

    /// Very many runs that want to start.
    func add(_ runs: Range<RowID>, of name: String = "f", _ data: String) {
        guard let first = runs.first, let record = records[name] else { return }
        add(first, of: name, data)
        let flow = flows[first]
        for run in runs.dropFirst() {
            flows[run] = flow
            owners[run] = name
            _ = queue.add(run, of: record.id, .starts, flow: flow, createdAt: now, since: now)
        }
    }

    /// A run that has been called before wants to be called again.
    func again(_ run: RowID) {
        guard let record = owners[run].flatMap({ records[$0] }) else { return }
        _ = queue.add(run, of: record.id, .started, flow: flows[run], createdAt: CoreHarness.start, since: now)
    }

    /// The next run of an app.
    func next(of app: UUID16 = QueueBench.app) -> RowID? {
        guard let admission = queue.next(of: app, now: now) else { return nil }
        admissions[admission.run] = admission
        return admission.run
    }

    /// All runs that may go, in their order.
    func drain(_ app: UUID16 = QueueBench.app, atMost: Int = .max) -> [RowID] {
        var runs: [RowID] = []
        while runs.count < atMost, let run = next(of: app) { runs.append(run) }
        return runs
    }

    /// The apps' runs as a shard asks for them.
    func drainStirred() -> [RowID] {
        var runs: [RowID] = []
        while true {
            let apps = queue.takeStirred()
            if apps.isEmpty { return runs }
            for app in apps { runs += drain(app) }
        }
    }

    /// A run's call ends.
    func end(_ run: RowID, andRun ends: Bool = true) {
        guard let admission = admissions.removeValue(forKey: run) else {
            Issue.record("run \(run) has no call")
            return
        }
        queue.release(admission.slots, now: now)
        if ends, let key = flows[run]?.keys.runs { queue.release([key.key], now: now) }
    }

    func pass(_ span: TimeSpan) {
        now += span
        queue.passTime(now: now)
    }
}
