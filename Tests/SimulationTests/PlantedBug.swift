import ApusCore
import ApusEngine
import ApusNode
import ApusStore

/// Mistakes that a server could make, put into the simulated surroundings of a correct one, to prove
/// that the rules would find them.
enum PlantedBug: CaseIterable {
    /// A commit is reported as done before it is.
    case effectsBeforeCommit
    /// The projection of a run does not follow from its journal.
    case alteredProjection
    /// Messages to other shards leave before the batch that holds them is durable.
    case messagesBeforeCommit
    /// Replies to older calls of a job count as replies to its newest.
    case staleReplies
    /// A repeated call has the generation of the call that it repeats.
    case sameGeneration
    /// Events and listeners look for each other in what the store held a moment before they came.
    case earlyLooks
    /// An event's mark that it is still being looked for is not stored with it.
    case unmarkedLooks
    /// Listeners stay in the store when nothing waits any more.
    case keptListeners
    /// A shard that starts does not read who listens.
    case forgottenListeners
    /// A shard that starts does not know which calls were under way.
    case forgottenSlots
    /// A call's room is free when its run is cancelled, although the app is still at it.
    case earlySlots
    /// What a throttle or rate limit remembers is not stored.
    case unstoredArrivals
    /// A shard that starts does not know the runs of singletons.
    case forgottenSingletons
    /// Runs that wait for their turn are not stored as such.
    case unkeptRuns
    /// A debounce or batch stays in the store when its run has begun.
    case keptPendings
    /// A debounce or batch leaves the store before its run has begun.
    case forgottenPendings
    /// Events that join a batch are not stored with it.
    case unstoredMembers
    /// A schedule's newest tick is not stored with its run.
    case unstoredTicks
    /// A shard that starts does not know that the run of a schedule's newest tick lives.
    case forgottenTickRuns
    /// A shard that starts does not know which tick waits for a run's end.
    case forgottenBuffers
    /// How far a backfill is, is not stored with the runs that it starts.
    case unstoredBackfills
    /// Reports of older calls of a job count as reports of its newest.
    case staleReports
    /// A report is answered before it is durable.
    case earlyReportAnswers
    /// Of a report only the first step is stored.
    case halfReports
    /// That a call has reported steps is not stored with them.
    case unstoredReports

    /// The rules of which one has to notice.
    var brokenRules: [Rule] {
        switch self {
        case .effectsBeforeCommit: [.release]
        case .alteredProjection: [.projection]
        case .messagesBeforeCommit: [.release, .liveness, .outcomes]
        case .staleReplies: [.steps, .calls]
        case .sameGeneration: [.calls]
        case .earlyLooks: [.waits, .cancellations, .signals]
        case .unmarkedLooks, .forgottenListeners: [.waits, .cancellations, .outcomes]
        case .keptListeners: [.listeners]
        case .forgottenSlots: [.limits, .memory]
        case .earlySlots: [.limits, .calls]
        case .unstoredArrivals: [.pace]
        case .forgottenSingletons: [.singletons]
        case .unkeptRuns: [.kept]
        case .keptPendings, .unstoredMembers: [.collections]
        case .forgottenPendings: [.intake, .collections]
        case .unstoredTicks, .forgottenTickRuns, .forgottenBuffers, .unstoredBackfills: [.schedules]
        case .staleReports: [.checkpoints, .steps]
        case .earlyReportAnswers, .halfReports: [.checkpoints]
        case .unstoredReports: [.memory, .progress]
        }
    }

    /// Looks matter most when listeners and events share a shard; messages need several.
    var shards: Int {
        switch self {
        case .unmarkedLooks, .forgottenListeners, .forgottenSlots, .earlySlots, .unstoredArrivals, .forgottenSingletons,
            .forgottenPendings, .unstoredTicks, .forgottenTickRuns, .forgottenBuffers, .unstoredBackfills:
            1
        default: 7
        }
    }

    /// Makes the circumstances likely in which the mistake shows.
    func provoke(_ faults: inout FaultPlan) {
        faults.end = max(faults.end, 20_000)
        switch self {
        case .messagesBeforeCommit: faults.commitLost = 200
        case .staleReplies:
            faults.replyTwice = 300
            faults.strayReply = 1_000
            faults.shardCrashes += (1...10).map { (at: $0 * 200, shard: 0, pause: 20) }
        case .unmarkedLooks: faults.crashAfterCommit = 50
        case .forgottenListeners, .forgottenSlots, .unstoredArrivals, .forgottenSingletons, .forgottenPendings:
            faults.crashes += (1...5).map { (at: $0 * (self == .forgottenListeners ? 3_000 : 300), pause: 20) }
            faults.slowApp = 100
        case .earlySlots: faults.slowApp = 300
        case .forgottenTickRuns, .forgottenBuffers:
            faults.crashes += (1...12).map { (at: $0 * 29_000, pause: 20) }
        case .staleReports:
            faults.reportTwice = 300
            faults.slowReport = 300
            faults.troubleAfterReport = 100
        case .effectsBeforeCommit, .alteredProjection, .sameGeneration, .earlyLooks, .keptListeners, .unkeptRuns,
            .keptPendings, .unstoredMembers, .unstoredTicks, .unstoredBackfills, .earlyReportAnswers, .halfReports,
            .unstoredReports:
            break
        }
    }

    func alter(_ batch: Batch) -> Batch {
        var altered = batch
        altered.writes = batch.writes.filter { !drops($0) }.map(alter)
        return altered
    }

    private func drops(_ write: Write) -> Bool {
        switch (self, write) {
        case (.unmarkedLooks, .lookPending), (.keptListeners, .unlisten), (.keptListeners, .unlistenAll): true
        case (.unstoredArrivals, .arrival), (.keptPendings, .unpend), (.unstoredMembers, .join): true
        case (.unstoredTicks, .schedule), (.unstoredBackfills, .backfillMoved): true
        case (.unkeptRuns, .keep(let run)): run.waitsSince != nil
        default: false
        }
    }

    private func alter(_ write: Write) -> Write {
        switch (self, write) {
        case (.alteredProjection, .projection(let run, var projection)):
            projection.wakeAt = projection.wakeAt.map { $0 + .milliseconds(1) }
            return .projection(run: run, projection)
        case (.sameGeneration, .turn(let row, let run, let previous, var turn)):
            turn.entries = turn.entries.map { entry in
                guard case .called(let job, let generation) = entry else { return entry }
                return .called(job: job, generation: min(generation, 1))
            }
            return .turn(row: row, run: run, previous: previous, turn)
        case (.unstoredReports, .turn(let row, let run, let previous, var turn)):
            turn.entries.removeAll { $0.isReport }
            return .turn(row: row, run: run, previous: previous, turn)
        case (.halfReports, .turn(let row, let run, let previous, var turn)):
            guard turn.entries.contains(where: \.isReport) else { return write }
            let first = turn.entries.firstIndex(where: \.isResult)
            turn.entries = turn.entries.enumerated().filter { !$1.isResult || $0 == first }.map(\.element)
            return .turn(row: row, run: run, previous: previous, turn)
        default:
            return write
        }
    }

    func alter(_ claimed: ClaimedShard) -> ClaimedShard {
        var altered = claimed
        switch self {
        case .forgottenListeners: altered.state.topics = []
        case .forgottenPendings: altered.state.pendings = []
        case .forgottenTickRuns:
            for index in altered.state.schedules.indices { altered.state.schedules[index].run = nil }
        case .forgottenBuffers:
            for index in altered.state.schedules.indices { altered.state.schedules[index].buffered = nil }
        case .forgottenSlots:
            altered.state.kept = KeptRuns(
                claimed.state.kept.map { run in
                    var run = run
                    run.calls = 0
                    return run
                }
            )
        case .forgottenSingletons:
            altered.state.kept = KeptRuns(
                claimed.state.kept.map { run in
                    var run = run
                    run.flow?.singleton = nil
                    return run
                }
            )
        default: break
        }
        return altered
    }

    func commitBegins(_ batch: Batch, by host: SimulatedHost) {
        guard self == .messagesBeforeCommit else { return }
        for case .send(let receiver, let number, let message) in batch.writes {
            host.world.network.send(.message(from: host.id, number: number, message), from: host.id, to: receiver)
        }
    }

    /// The batch has landed, and the host has not heard of it yet.
    func landed(_ batch: Batch, of host: SimulatedHost) {
        guard self == .earlySlots else { return }
        for case .turn(_, let run, _, let turn) in batch.writes {
            guard case .finished(let end)? = turn.entries.last, end.status == .cancelled else { continue }
            for call in host.world.rules.calls.inFlight(from: host.memory) where call.run == run {
                host.later(1) { host.submit(.reply(call, .failed(.timedOut))) }
            }
        }
    }

    /// The call that a reply is taken for.
    func replyTo(_ record: CallRecord, in world: SimulatedWorld) -> CallID {
        guard self == .staleReplies else { return record.id }
        let newest = world.rules.ledger.runs[record.id.run]?.generations[record.id.job]
        return CallID(run: record.id.run, job: record.id.job, generation: newest ?? record.id.generation)
    }
    /// What a report is taken for.
    func alter(_ checkpoint: Checkpoint) -> Checkpoint {
        guard self == .staleReports else { return checkpoint }
        var altered = checkpoint
        altered.generation = nil
        return altered
    }
}

extension JournalEntry {
    fileprivate var isReport: Bool {
        if case .checkpointed = self { true } else { false }
    }

    fileprivate var isResult: Bool {
        if case .stepFinished = self { true } else { false }
    }
}
