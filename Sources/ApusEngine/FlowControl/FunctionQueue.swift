import ApusCore

/// The lanes of one function, and whose turn it is.
final class FunctionQueue {
    let id: UUID16
    let app: UUID16
    unowned let queue: RunQueue
    var rules: FunctionRules
    var isPaused = false
    /// Calls in flight, counted also while nothing limits them, so that a new limit holds at once.
    var calls = 0
    /// Whether the function stands in its app's round.
    var isInRound = false
    /// Runs that wait, in all lanes.
    var depth = 0
    var pace = Pace()
    /// Lanes of runs without keys; kept, because most functions have no others.
    private(set) var plainLanes: [Lane] = []
    var keyedLanes: [Lane.ID: Lane] = [:]
    /// Lanes that may have room, by kind; each has one turn and goes to the end.
    private var rounds = [LaneLine(), LaneLine(), LaneLine()]
    /// Changes with each admission; of several functions the one with the lowest has waited longest.
    var lastTurn: UInt64 = 0

    init(id: UUID16, app: UUID16, queue: RunQueue, rules: FunctionRules) {
        self.id = id
        self.app = app
        self.queue = queue
        self.rules = rules
        plainLanes = [Lane.Kind.repeats, .started, .starts].map {
            Lane(id: Lane.ID(kind: $0, keys: .none), function: self, keys: RunFlow.Keys())
        }
        for lane in plainLanes { adopt(lane) }
    }

    /// Counts what all calls of the function share.
    var callsKey: LimitKey { LimitKey(high: id.high, low: id.low) }

    /// The lane of runs with these keys.
    func lane(_ kind: Lane.Kind, keys: RunFlow.Keys) -> Lane {
        // A repeat holds its slots already: no limit concerns it.
        guard kind != .repeats, !keys.isEmpty else { return plainLanes[Int(kind.rawValue)] }
        let id = Lane.ID(kind: kind, keys: keys.joint)
        if let lane = keyedLanes[id] { return lane }
        let lane = Lane(id: id, function: self, keys: keys)
        adopt(lane)
        keyedLanes[id] = lane
        return lane
    }

    var lanes: [Lane] { plainLanes + keyedLanes.values.sorted { $0.id < $1.id } }

    /// Brings a lane in line with the function's rules.
    func adopt(_ lane: Lane) {
        lane.limits = limits(of: lane)
        lane.lacksKeys = lane.id.kind == .starts && (lacksThrottleKey(lane.keys) || lacksRunKey(lane.keys))
    }

    private func lacksRunKey(_ keys: RunFlow.Keys) -> Bool {
        guard let runs = rules.runs?.keyed else { return false }
        return keys.runs?.rule != runs.rule
    }

    private func lacksThrottleKey(_ keys: RunFlow.Keys) -> Bool {
        guard let throttle = rules.throttle?.keyed, throttle.source != nil else { return false }
        return keys.throttle?.rule != throttle.rule
    }

    /// Limits that the runs of a lane have to meet before they are called.
    private func limits(of lane: Lane) -> [Lane.LaneLimit] {
        guard lane.id.kind != .repeats else { return [] }
        var limits: [Lane.LaneLimit] = []
        if rules.callLimit < .max {
            limits.append(Lane.LaneLimit(key: callsKey, rule: .concurrency, limit: rules.callLimit, text: ""))
        }
        for limit in rules.steps {
            // A run from before the key expression was changed counts for the function only.
            guard let key = lane.keys.calls.first(where: { $0.rule == limit.keyed.rule }) else { continue }
            limits.append(Lane.LaneLimit(key: key.key, rule: .concurrency, limit: limit.limit, text: key.text))
        }
        guard lane.id.kind == .starts else { return limits }
        if let runs = rules.runs, let key = lane.keys.runs, key.rule == runs.keyed.rule {
            limits.append(Lane.LaneLimit(key: key.key, rule: .runConcurrency, limit: runs.limit, text: key.text))
        }
        if let throttle = rules.throttle {
            let key = lane.keys.throttle.flatMap { $0.rule == throttle.keyed.rule ? $0 : nil }
            if let limit = throttle.keyed.commonKey ?? key?.key {
                limits.append(
                    Lane.LaneLimit(
                        key: limit, rule: .throttle, limit: rules.options.throttle?.limit ?? 0, clock: throttle.clock,
                        text: key?.text ?? ""
                    )
                )
            }
        }
        return limits
    }

    // MARK: - The round

    /// A lane may have room; it gets a turn after those that wait for one.
    func ready(_ lane: Lane) {
        lane.state = .ready
        lane.ticket &+= 1
        rounds[Int(lane.id.kind.rawValue)].append(lane)
    }

    /// The lane whose turn it is: repeats first, then runs that have started, then starts.
    func nextLane() -> Lane? {
        for kind in rounds.indices {
            if let lane = rounds[kind].popFirst() { return lane }
        }
        return nil
    }

    var hasReadyLane: Bool { !rounds.allSatisfy(\.isEmpty) }

    /// Places in the rounds, also void ones.
    var placesInRounds: Int { rounds.reduce(0) { $0 + $1.placeCount } }

    /// An empty lane with keys is forgotten.
    func retire(_ lane: Lane) {
        lane.state = .idle
        lane.obstacle = nil
        lane.ticket &+= 1
        if !lane.keys.isEmpty { keyedLanes[lane.id] = nil }
    }
}
