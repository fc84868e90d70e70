import ApusCore
import ApusEngine
import ApusStore

/// What has become durable of flow control, in order, with the keys that runs should have by a model of
/// our own.
final class FlowLedger {
    private(set) var keys: [RowID: RunKeys] = [:]
    private(set) var kept: [RowID: KeptRun] = [:]
    /// Runs that wait for their turn, as the store has it.
    private(set) var waiting: [ShardID: Set<RowID>] = [:]
    private(set) var pendings: [ULID: LedgerPending] = [:]
    /// Every pending that there ever was.
    private(set) var series: [ULID: LedgerPending] = [:]
    private(set) var outcomes: [Fate: Outcome] = [:]
    /// The runs that events went into.
    private(set) var runsByEvent: [Fate: [RowID]] = [:]
    /// Runs that have ever had a key, with those that live.
    private(set) var runs: [FlowPlace: [RowID]] = [:]
    /// Calls under way of runs that live, as their journals tell.
    private(set) var calling: [RowID: Set<JobNumber>] = [:]

    /// What became of an event at a function.
    struct Fate: Hashable {
        var event: RowID
        var function: UUID16
    }

    /// Every event with every function that decided about it, in order.
    var fates: [Fate] {
        Set(outcomes.keys).union(runsByEvent.keys).sorted { ($0.event, $0.function) < ($1.event, $1.function) }
    }

    /// Whether the event has started a run, or another one in its place.
    func isTaken(_ fate: Fate) -> Bool {
        runsByEvent[fate] != nil || outcomes[fate]?.isTaken == true
    }

    func isDecided(_ fate: Fate) -> Bool {
        runsByEvent[fate] != nil || outcomes[fate] != nil
    }

    func record(_ write: Write, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        switch write {
        case .turn(_, let run, _, let turn): record(turn, of: run, regimes, in: world)
        case .keep(let run): keep(run, of: run.run)
        case .unkeep(let run): keep(nil, of: run)
        case .pend(let pending):
            if series[pending.run] == nil { series[pending.run] = LedgerPending(pending) }
            series[pending.run]?.update(pending)
            pendings[pending.run] = series[pending.run]
        case .join(let run, let member, _, _):
            series[run]?.join(member.event)
            pendings[run] = series[run]
        case .close(let run, _):
            series[run]?.isClosed = true
            pendings[run] = series[run]
        case .unpend(let run): pendings[run] = nil
        case .outcome(let outcome): outcomes[Fate(event: outcome.event, function: outcome.function)] = outcome
        default: break
        }
    }

    private func keep(_ run: KeptRun?, of row: RowID) {
        kept[row] = run
        let shard = RowCounters.shard(of: row)
        if run?.waitsSince != nil {
            waiting[shard, default: []].insert(row)
        } else {
            waiting[shard]?.remove(row)
        }
    }

    private func record(_ turn: Turn, of row: RowID, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        guard let run = world.rules.ledger.runs[row], let fold = run.fold else { return }
        calling[row] = fold.isFinished ? nil : Set(fold.jobs.lazy.filter(\.isCalling).map(\.number))
        guard case .started(let start)? = turn.entries.first else { return }
        for event in start.events { runsByEvent[Fate(event: event, function: start.function), default: []].append(row) }
        let fields = world.rules.looks.event(run.row.event)?.fields ?? EventFields()
        let candidates = Regime(regimes, of: start.function).flows.map { RunKeys($0, of: start.function, fields) }
        var flow: RunFlow?
        for case .keyed(let keyed) in turn.entries { flow = keyed }
        guard let keys = candidates.first(where: { $0.agrees(with: flow) }) else {
            let name = world.rules.name(of: row)
            return world.report(.keys, "\(name) is keyed \(flow.map { "\($0)" } ?? "not at all"), not \(candidates)")
        }
        self.keys[row] = keys
        for place in keys.all { runs[place, default: []].append(row) }
    }
}

/// What is counted together.
struct FlowPlace: Hashable {
    var kind: Kind
    var scope = FlowControl.Concurrency.Scope.function
    /// `nil` for what functions share.
    var function: UUID16?
    /// The key's expression; empty for none.
    var expression = ""
    var value = ""

    enum Kind: Hashable { case calls, runs, throttle, rate, debounce, batch, singleton }
}

/// The keys that a run has for its life.
struct RunKeys: Hashable {
    /// Where each call counts besides with all calls of the function.
    var calls: [FlowPlace] = []
    var runs: FlowPlace?
    var throttle: FlowPlace?
    var singleton: FlowPlace?
    var priority: Int64 = 0

    init(_ flow: FlowControl, of function: UUID16, _ fields: EventFields) {
        for limit in flow.concurrency {
            guard let key = limit.key else { continue }
            calls.append(
                FlowPlace(
                    kind: .calls, scope: limit.scope, function: limit.scope == .function ? function : nil,
                    expression: key, value: KeyModel(key)?.value(of: fields) ?? "false"
                )
            )
        }
        runs = flow.runConcurrency.map { .of(.runs, function, $0.key, fields) }
        throttle = flow.throttle.map { .of(.throttle, function, $0.key, fields) }
        singleton = flow.singleton.flatMap { .optional(.singleton, function, $0.key, fields) }
        priority = flow.priority.flatMap { PriorityModel($0)?.seconds(for: fields) } ?? 0
    }

    var all: [FlowPlace] { calls + [runs, singleton].compactMap(\.self) }

    /// Whether a run's journal says the same.
    func agrees(with flow: RunFlow?) -> Bool {
        guard let flow else { return calls.isEmpty && runs == nil && singleton == nil && priority == 0 }
        return flow.keys.calls.map(\.text) == calls.map(\.value) && flow.keys.runs?.text == runs?.value
            && (flow.keys.throttle?.text ?? "") == (throttle?.value ?? "") && flow.singleton?.text == singleton?.value
            && flow.priority == .seconds(priority)
    }
}

extension FlowPlace {
    static func of(_ kind: Kind, _ function: UUID16, _ key: String?, _ fields: EventFields) -> FlowPlace {
        let value = key.map { KeyModel($0)?.value(of: fields) ?? "false" }
        return FlowPlace(kind: kind, function: function, expression: key ?? "", value: value ?? "")
    }

    /// `nil` for an event that has no such key.
    static func optional(_ kind: Kind, _ function: UUID16, _ key: String?, _ fields: EventFields) -> FlowPlace? {
        if let key, KeyModel(key)?.value(of: fields) == nil { return nil }
        return .of(kind, function, key, fields)
    }
}

/// A debounce or a batch as the store's rows tell it.
struct LedgerPending {
    var run: ULID
    var function: UUID16
    var rule: Pending.Rule
    var keyText: String
    var openedAt: Timestamp
    /// All events that ever belonged to it.
    var events: [RowID]
    /// Those that start the run.
    var members: [RowID]
    var isClosed: Bool

    init(_ pending: Pending) {
        run = pending.run
        function = pending.function
        rule = pending.rule
        keyText = pending.key.text
        openedAt = pending.openedAt
        events = []
        members = []
        isClosed = pending.isClosed
    }

    mutating func update(_ pending: Pending) {
        members = pending.events.map(\.event)
        isClosed = pending.isClosed
        for event in members where !events.contains(event) { events.append(event) }
    }

    mutating func join(_ event: RowID) {
        events.append(event)
        members.append(event)
    }
}
