import ApusCore
import ApusEngine
import ApusStore
import Logging

/// Repeating all runs of a function that ended in a stretch of time: the order is durable before it is answered,
/// can be paused, and goes on after a restart.
extension Node {
    /// What somebody wants to be repeated.
    package struct ReplayWish: Sendable {
        package var function: FunctionRecord
        package var states: Set<RunState>
        package var from: Timestamp?
        /// `nil` for now.
        package var until: Timestamp?
        package var start: Replay.Start
        package var perMinute: Int

        package init(
            function: FunctionRecord, states: Set<RunState>, from: Timestamp?, until: Timestamp?, start: Replay.Start,
            perMinute: Int
        ) {
            self.function = function
            self.states = states
            self.from = from
            self.until = until
            self.start = start
            self.perMinute = perMinute
        }
    }

    /// Runs that are counted at a time, and at most.
    private static let countedPage = 1_000
    private static let mostCounted = 1_000_000
    /// For how long they are counted.
    private static let countingTime = TimeSpan.seconds(2)
    /// Runs that are read at a time.
    private static let replayPage = 20
    /// How often a paused order looks whether it may go on.
    private static let replayPatience = TimeSpan.seconds(1)

    /// How many runs an order would repeat, were it made now.
    package func preview(_ wish: ReplayWish, by actor: String) async throws -> (replay: Replay, isWhole: Bool) {
        let now = clock.now()
        var replay = Replay(
            id: SplitMix64.drawnULID(at: now), function: wish.function.id,
            functionSlug: wish.function.configuration.slug, states: wish.states, from: wish.from,
            until: min(wish.until ?? now, now), start: wish.start, perMinute: wish.perMinute, found: 0, actor: actor,
            createdAt: now
        )
        var query = replay.query
        let end = ContinuousClock.now + .nanoseconds(Self.countingTime.nanoseconds)
        repeat {
            let part = query
            let page = try await read { reader throws(StoreError) in try reader.runs(part, limit: Self.countedPage) }
            replay.found += page.runs.count
            guard let next = page.next else { return (replay, true) }
            query.after = next
        } while replay.found < Self.mostCounted && ContinuousClock.now < end
        return (replay, false)
    }

    /// Orders a replay.
    /// - Throws: ``NodeError/unavailable`` when as many are under way as there may be.
    package func order(_ wish: ReplayWish, by actor: String) async throws -> (replay: Replay, isWhole: Bool) {
        let plan = try await preview(wish, by: actor)
        guard plan.replay.found > 0 else { return plan }
        let order = plan.replay
        let isFull = try await write { store throws(StoreError) in
            guard try store.reader.replays().count(where: { $0.state.isOpen }) < Replay.mostOpen else { return true }
            try store.keep(order)
            return false
        }
        guard !isFull else {
            throw NodeError.unavailable("\(Replay.mostOpen) replays are under way, and there may be no more")
        }
        try await note(
            AuditEntry(
                at: order.createdAt, actor: actor, action: .replayed, subject: order.functionSlug,
                detail: "\(order.found) runs from the \(order.start.name), replay \(order.id)"
            )
        )
        carryOut(order)
        return plan
    }

    /// Pauses a replay, lets it go on, ends it, or changes its pace.
    /// - Returns: the replay as it is now; `nil` when there is none.
    package func changeReplay(
        _ id: ULID, to state: Replay.State?, perMinute: Int?
    ) async throws(StoreError) -> Replay? {
        let now = clock.now()
        return try await write { store throws(StoreError) in
            try store.updateReplay(id) { replay in
                if let state { replay.move(to: state, at: now) }
                if let perMinute { replay.perMinute = perMinute }
            }
        }
    }

    /// Goes on with the orders that an earlier process left undone.
    func resumeReplays() {
        Task { [self] in
            let open = await persistently("orders to repeat runs could not be read") { [self] in
                try await read { reader throws(StoreError) in try reader.replays().filter(\.state.isOpen) }
            }
            for replay in open ?? [] { carryOut(replay) }
        }
    }

    private func carryOut(_ replay: Replay) {
        Task { [self] in
            var current: Replay? = replay
            while let replay = current, replay.state.isOpen, !isStopping {
                if replay.state == .paused {
                    try? await Task.sleep(for: .milliseconds(Self.replayPatience.milliseconds))
                }
                current =
                    await persistently("an order to repeat runs waits") { [self] in
                        try await step(replay)
                    } ?? nil
            }
        }
    }

    /// Repeats the next runs, if the order is not paused, in the time that its pace gives them.
    /// - Returns: the order as it is now; `nil` when there is none any more.
    private func step(_ replay: Replay) async throws -> Replay? {
        let known = try await read { reader throws(StoreError) in try reader.replays().first { $0.id == replay.id } }
        guard let replay = known, replay.state == .running else { return known }
        let query = replay.query
        let page = try await read { reader throws(StoreError) in try reader.runs(query, limit: Self.replayPage) }
        for run in page.runs {
            let now = try await repeatOnce(run, for: replay)
            guard now?.state == .running else { return now }
        }
        // A search may stop short without having found anything.
        return try await advance(replay.id) { replay in
            if let next = page.next { replay.progress.position = next }
            if page.next == nil { replay.move(to: .finished, at: self.clock.now()) }
        }
    }

    /// Repeats one run, notes that, and waits until the next one may start.
    /// - Returns: the order as it is now.
    private func repeatOnce(_ run: StoredRun, for replay: Replay) async throws -> Replay? {
        let begin = ContinuousClock.now
        let problem = try await start(run, for: replay)
        let now = try await advance(replay.id) { replay in
            replay.progress.position = run.position
            if let problem {
                replay.progress.skipped += 1
                replay.progress.problem = "run \(run.id): \(problem)"
            } else {
                replay.progress.started += 1
            }
        }
        let pace = max(now?.perMinute ?? Replay.usualPace, 1)
        try? await Task.sleep(until: begin + .milliseconds(60_000 / pace), clock: .continuous)
        return now
    }

    /// - Returns: why nothing was started.
    private func start(_ run: StoredRun, for replay: Replay) async throws -> String? {
        let now = clock.now()
        let id = replay.run(repeating: run.id)
        let count = store.shardCount
        let order = try await read { reader throws(StoreError) -> Result<RerunOrder, RerunProblem>? in
            // An earlier process may have started it without having noted that.
            for shard in 0..<count {
                let homed = ShardCore.homed(id, on: ShardID(shard), shardCount: count)
                if try reader.run(id: homed) != nil { return nil }
            }
            guard let loaded = try reader.journal(ofRun: run.id) else { return .failure(.isGone) }
            let status = loaded.projection.status
            let isFromFailure = replay.start == .failure && status != .completed
            return Result { () throws(RerunProblem) in
                try RerunOrder(
                    repeating: loaded, from: isFromFailure ? .failure : .beginning, replay: replay.id, at: now,
                    by: replay.actor
                )
            }
        }
        switch order {
        case nil: return nil
        case .failure(let problem): return problem.description
        case .success(var order):
            order.id = id
            do throws(NodeError) {
                switch try await start(order, on: home(of: run.row)) {
                case .started: return nil
                // It waits, as the function does.
                case .paused: throw .unavailable(RerunAnswer.paused.reason)
                case let refusal: return refusal.reason
                }
            } catch .rejected(let reason) {
                // It would be refused again and again, and the runs after it would never have their turn.
                return reason
            }
        }
    }

    private func advance(
        _ id: ULID, _ change: @escaping @Sendable (inout Replay) -> Void
    ) async throws(StoreError) -> Replay? {
        try await write { store throws(StoreError) in try store.updateReplay(id, change) }
    }
}
