import ApusCore
import ApusEngine
import ApusStore

/// Never are more calls open, nor do more runs live, than the limit that is in force when one more begins.
///
/// A call that a crash has orphaned counts until its repeat is answered or its run has ended; the call of a
/// dead process does not count beside its repeat. All runs that count together share a shard.
final class LimitsRule {
    /// What a batch begins.
    private struct Beginning {
        var call: OpenCall
        var isStart: Bool
        var flows: [FlowControl]
    }

    private var calling: [RowID: Set<JobNumber>] = [:]
    private var started: Set<RowID> = []

    func check(
        _ batch: Batch, of host: SimulatedHost, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld
    ) {
        var beginnings: [Beginning] = []
        for case .turn(_, let row, _, let turn) in batch.writes {
            for case .called(let job, _) in turn.entries {
                checkPause(of: row, regimes, in: world)
                // The repeat of an orphan takes no more room than that did.
                let isRepeat = calling[row, default: []].contains(job)
                let isStart = started.insert(row).inserted
                guard !isRepeat, let function = world.rules.ledger.runs[row]?.row.function else { continue }
                let flows = Regime(regimes, of: function).flows
                if !flows.isEmpty {
                    beginnings.append(
                        Beginning(call: OpenCall(run: row, job: job), isStart: isStart, flows: flows))
                }
            }
            calling[row] = world.rules.flow.calling[row]
        }
        guard !beginnings.isEmpty else { return }
        let open = openCalls(of: batch.shard, host, in: world)
        for beginning in beginnings {
            checkCalls(beginning, among: beginnings, open, in: world)
            if beginning.isStart { checkRuns(beginning, of: batch.shard, in: world) }
        }
    }

    private func checkPause(of row: RowID, _ regimes: [[UUID16: FunctionRecord]], in world: SimulatedWorld) {
        guard let function = world.rules.ledger.runs[row]?.row.function,
            Regime(regimes, of: function).always({ $0.pausedAt != nil })
        else { return }
        world.report(.limits, "\(world.rules.name(of: row)) is called while its function is paused")
    }

    // MARK: - Calls

    struct OpenCall: Hashable {
        var run: RowID
        var job: JobNumber
    }

    /// What takes up room in the shard: calls that the journals of living runs tell of, and those of runs that
    /// have ended, as long as the memory that made them waits for the answer.
    func openCalls(
        of shard: ShardID, _ host: SimulatedHost, in world: SimulatedWorld
    ) -> [FlowPlace: Set<OpenCall>] {
        var open: [FlowPlace: Set<OpenCall>] = [:]
        func count(_ call: OpenCall) {
            guard let run = world.rules.ledger.runs[call.run]?.row else { return }
            let keys = world.rules.flow.keys[call.run]
            open[Self.place(of: run.function), default: []].insert(call)
            for place in keys?.calls ?? [] { open[place, default: []].insert(call) }
        }
        let inFlight = host.isAlive ? world.rules.calls.inFlight(from: host.memory) : []
        for call in inFlight { count(OpenCall(run: call.run, job: call.job)) }
        for (row, jobs) in world.rules.flow.calling where RowCounters.shard(of: row) == shard {
            // What was limited by nothing when it began is not looked for after a crash.
            guard world.rules.ledger.runs[row]?.fold?.flow != nil else { continue }
            for job in jobs { count(OpenCall(run: row, job: job)) }
        }
        return open
    }

    private static func place(of function: UUID16) -> FlowPlace {
        FlowPlace(kind: .calls, function: function)
    }

    private func checkCalls(
        _ beginning: Beginning, among others: [Beginning], _ open: [FlowPlace: Set<OpenCall>],
        in world: SimulatedWorld
    ) {
        let row = beginning.call.run
        guard let function = world.rules.ledger.runs[row]?.row.function else { return }
        let keys = world.rules.flow.keys[row]?.calls ?? []
        for place in [Self.place(of: function)] + keys {
            guard let limit = limit(of: place, beginning), limit < .max else { continue }
            // Those of a function that allows more can have begun after this one.
            let later = others.filter { self.limit(of: place, $0).map { $0 > limit } ?? false }.map(\.call)
            let calls = open[place, default: []].subtracting(later)
            let count = calls.count
            if count == limit { world.coverage.count(place.function == nil ? .sharedLimitReached : .callLimitReached) }
            guard count > limit else { continue }
            let others = calls.sorted { ($0.run, $0.job) < ($1.run, $1.job) }
                .map { "\(world.rules.name(of: $0.run)) job \($0.job)" }
            world.report(
                .limits,
                "\(world.rules.name(of: row)) is called while \(count) calls of \(place) are open: \(others); "
                    + "\(limit) are allowed"
            )
        }
    }

    /// Whether a limit keeps the run from being called.
    func isFull(
        for row: RowID, _ flow: FlowControl, _ open: [FlowPlace: Set<OpenCall>], of shard: ShardID,
        in world: SimulatedWorld
    ) -> Bool {
        guard let run = world.rules.ledger.runs[row], let keys = world.rules.flow.keys[row] else { return false }
        let isFull = ([Self.place(of: run.row.function)] + keys.calls).contains { place in
            open[place]?.count ?? 0 >= limit(of: place, flow)
        }
        guard !isFull, run.fold?.startedAt == nil, let place = keys.runs else { return isFull }
        return living(at: place, of: shard, in: world).count >= limit(of: place, flow)
    }

    private func limit(of place: FlowPlace, _ beginning: Beginning) -> Int? {
        beginning.flows.map { limit(of: place, $0) }.max()
    }

    private func limit(of place: FlowPlace, _ flow: FlowControl) -> Int {
        guard place.kind == .calls else {
            return flow.runConcurrency.map { ($0.key ?? "") == place.expression ? $0.limit : .max } ?? .max
        }
        return flow.concurrency.filter { ($0.key ?? "") == place.expression && $0.scope == place.scope }
            .map(\.limit).min() ?? .max
    }

    // MARK: - Runs

    private func checkRuns(_ beginning: Beginning, of shard: ShardID, in world: SimulatedWorld) {
        guard let place = world.rules.flow.keys[beginning.call.run]?.runs, let limit = limit(of: place, beginning),
            limit < .max
        else { return }
        let living = living(at: place, of: shard, in: world)
        if living.count == limit { world.coverage.count(.runLimitReached) }
        guard living.count > limit else { return }
        let names = living.map { world.rules.name(of: $0) }
        world.report(.limits, "\(names) live although \(limit) are allowed of \(place)")
    }

    private func living(at place: FlowPlace, of shard: ShardID, in world: SimulatedWorld) -> [RowID] {
        (world.rules.flow.runs[place] ?? []).filter { run in
            RowCounters.shard(of: run) == shard && started.contains(run) && world.rules.ledger.runs[run]?.isLive == true
        }
    }
}
