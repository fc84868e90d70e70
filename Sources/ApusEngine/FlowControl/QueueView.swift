import ApusCore

/// Why a run waits for its turn.
package struct Standing: Hashable, Sendable {
    package var obstacle: Obstacle
    /// The most calls or runs that the limit allows, and how many it counts.
    package var limit: Int?
    package var inUse: Int?
    /// When the obstacle goes away by itself.
    package var until: Timestamp?
    package var since: Timestamp
    /// Runs that the same limits hold back and that go first.
    package var ahead: Int
}

/// What waits for its turn in a function.
package struct QueueView: Hashable, Sendable {
    package var depth = 0
    package var calls = 0
    package var admittedPerSecond = 0.0
    package var isPaused = false
    /// Those with the most waiting runs first.
    package var keys: [Key] = []
    /// How many there are, also those that are not listed.
    package var keyCount = 0

    package init(
        depth: Int = 0, calls: Int = 0, admittedPerSecond: Double = 0, isPaused: Bool = false, keys: [Key] = [],
        keyCount: Int = 0
    ) {
        self.depth = depth
        self.calls = calls
        self.admittedPerSecond = admittedPerSecond
        self.isPaused = isPaused
        self.keys = keys
        self.keyCount = keyCount
    }

    /// What waits here and there; only one of the two has much.
    package func adding(_ other: QueueView, limit: Int) -> QueueView {
        QueueView(
            depth: depth + other.depth, calls: calls + other.calls,
            admittedPerSecond: admittedPerSecond + other.admittedPerSecond, isPaused: isPaused || other.isPaused,
            keys: Array((keys + other.keys).sorted { $0.depth > $1.depth }.prefix(max(limit, 0))),
            keyCount: keyCount + other.keyCount
        )
    }

    /// Runs that the same limits hold back.
    package struct Key: Hashable, Sendable {
        /// The values of the keys, in the order of the limits; empty where there are none.
        package var values: [String]
        /// Whether they have been called before.
        package var isStarted: Bool
        package var depth: Int
        package var waitingSince: Timestamp
        package var admittedPerSecond: Double
        /// Why the next of them waits.
        package var standing: Standing?
    }
}

extension RunQueue {
    /// What waits in a function, of which at most so many keys are listed.
    package func view(of function: UUID16, limit: Int, now: Timestamp) -> QueueView {
        guard let queue = functions[function] else { return QueueView() }
        var view = QueueView(
            depth: queue.depth, calls: queue.calls, admittedPerSecond: queue.pace.perSecond(at: now),
            isPaused: queue.isPaused
        )
        let lanes = queue.lanes.filter { $0.count > 0 }
        view.keyCount = lanes.count
        view.keys = lanes.sorted { ($1.count, $0.id) < ($0.count, $1.id) }.prefix(max(limit, 0)).map { lane in
            let waiting = lane.waiting
            let next = waiting.min()
            return QueueView.Key(
                values: lane.keys.texts, isStarted: lane.id.kind != .starts, depth: lane.count,
                waitingSince: waiting.map(\.since).min() ?? now, admittedPerSecond: lane.pace.perSecond(at: now),
                standing: next.map { standing(of: lane, since: $0.since, ahead: 0, now: now) }
            )
        }
        return view
    }

    /// Why a run waits; `nil` when it does not.
    package func standing(of run: RowID, now: Timestamp) -> Standing? {
        guard let lane = lane(of: run) else { return nil }
        let waiting = lane.waiting
        guard let place = waiting.first(where: { $0.run == run }) else { return nil }
        let ahead = Set(waiting.lazy.filter { $0 < place }.map(\.run)).count
        return standing(of: lane, since: place.since, ahead: ahead, now: now)
    }

    private func standing(of lane: Lane, since: Timestamp, ahead: Int, now: Timestamp) -> Standing {
        let function = lane.function
        var standing = Standing(obstacle: Obstacle(.order), since: since, ahead: ahead)
        if function.isPaused {
            standing.obstacle = Obstacle(.pause)
            return standing
        }
        for limit in lane.limits {
            guard let opening = opening(at: limit, of: function, now: now) else { continue }
            standing.obstacle = Obstacle(limit.rule, key: limit.text)
            standing.limit = limit.limit
            if limit.clock == nil {
                standing.inUse = limit.key == function.callsKey ? function.calls : held[limit.key] ?? 0
            }
            standing.until = opening < .distantFuture ? opening : nil
            break
        }
        return standing
    }
}

extension RunFlow.Keys {
    /// The values, without those of rules that have one key for all.
    package var texts: [String] {
        (calls + [runs, throttle].compactMap(\.self)).map(\.text).filter { !$0.isEmpty }
    }
}

extension Lane.ID: Comparable {
    static func < (left: Lane.ID, right: Lane.ID) -> Bool { (left.kind, left.keys) < (right.kind, right.keys) }
}

extension ShardCore {
    /// Why a run waits for its turn; `nil` when it does not.
    package func standing(of run: RowID) -> Standing? {
        guard var standing = queue.standing(of: run, now: now) else { return nil }
        guard standing.obstacle.rule == .order, let function = queue.lane(of: run)?.function,
            let gate = gates[function.app]
        else { return standing }
        if !gate.breaker.allowsCalls {
            standing.obstacle = Obstacle(.app, key: registry.apps[function.app]?.url ?? "")
            standing.until = gate.breaker.probeAt
        } else if !gate.hasRoom(configuration.limits) {
            standing.obstacle = Obstacle(.app)
            standing.limit = configuration.limits.callsPerApp
            standing.inUse = gate.callsInFlight
        }
        return standing
    }

    package func queueView(of function: UUID16, limit: Int) -> QueueView {
        queue.view(of: function, limit: limit, now: now)
    }
}
