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
        }
    }

    /// Looks matter most when listeners and events share a shard; messages need several.
    var shards: Int {
        switch self {
        case .unmarkedLooks, .forgottenListeners: 1
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
        case .forgottenListeners: faults.crashes += (1...5).map { (at: $0 * 3_000, pause: 20) }
        case .effectsBeforeCommit, .alteredProjection, .sameGeneration, .earlyLooks, .keptListeners: break
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
        default:
            return write
        }
    }

    func alter(_ claimed: ClaimedShard) -> ClaimedShard {
        guard self == .forgottenListeners else { return claimed }
        var altered = claimed
        altered.state.topics = []
        return altered
    }

    func commitBegins(_ batch: Batch, by host: SimulatedHost) {
        guard self == .messagesBeforeCommit else { return }
        for case .send(let receiver, let number, let message) in batch.writes {
            host.world.network.send(.message(from: host.id, number: number, message), from: host.id, to: receiver)
        }
    }

    /// The call that a reply is taken for.
    func replyTo(_ record: CallRecord, in world: SimulatedWorld) -> CallID {
        guard self == .staleReplies else { return record.id }
        let newest = world.rules.ledger.runs[record.id.run]?.generations[record.id.job]
        return CallID(run: record.id.run, job: record.id.job, generation: newest ?? record.id.generation)
    }
}
