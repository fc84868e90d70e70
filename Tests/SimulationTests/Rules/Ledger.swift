import ApusCore
import ApusEngine
import ApusStore

/// What has become durable, in order, kept apart from the store so that the rules depend on nothing
/// that they check.
final class Ledger {
    /// Batches that have landed.
    private(set) var landings = 0
    private var now: Int64 = 0
    private(set) var runs: [RowID: LedgerRun] = [:]
    private(set) var runOrder: [RowID] = []
    private(set) var rowOfRun: [ULID: RowID] = [:]
    private(set) var liveRuns = 0
    private(set) var events: [EventRow] = []
    private(set) var eventIDs: Set<ULID> = []
    /// When a call became durable.
    private(set) var called: [CallID: Landing] = [:]
    private(set) var sent: [Channel: UInt64] = [:]
    private(set) var applied: [Channel: UInt64] = [:]
    private(set) var apps: [UUID16: AppRecord] = [:]
    private(set) var functions: [UUID16: FunctionRecord] = [:]
    private var acknowledged: [Channel: UInt64] = [:]
    /// The newest time of each shard's batches.
    private(set) var times: [ShardID: Timestamp] = [:]

    struct Landing {
        /// Counts the batches of all shards.
        var number: Int
        /// Milliseconds since the world began.
        var time: Int64
    }

    struct Channel: Hashable {
        var from: ShardID
        var to: ShardID
    }

    func record(_ batch: Batch, at time: Int64) {
        landings += 1
        now = time
        times[batch.shard] = max(times[batch.shard] ?? batch.time, batch.time)
        for write in batch.writes { record(write, of: batch.shard) }
    }

    private func record(_ write: Write, of shard: ShardID) {
        switch write {
        case .event(let event):
            events.append(event)
            eventIDs.insert(event.id)
        case .run(let row):
            runs[row.row] = LedgerRun(row: row)
            runOrder.append(row.row)
            rowOfRun[row.id] = row.row
            liveRuns += 1
        case .turn(let row, let run, _, let turn):
            for case .called(let job, let generation) in turn.entries {
                called[CallID(run: run, job: job, generation: generation)] = Landing(number: landings, time: now)
            }
            guard let ended = runs[run]?.apply(turn, row: row, landing: landings) else { return }
            if ended { liveRuns -= 1 }
        case .projection(let run, let projection):
            runs[run]?.projection = projection
        case .send(let receiver, let number, _):
            sent[Channel(from: shard, to: receiver)] = number
        case .applied(let sender, let number):
            applied[Channel(from: sender, to: shard)] = number
        case .app(let app):
            apps[app.id] = app
        case .function(let function):
            functions[function.id] = function
        case .forget(let receiver, let number):
            let channel = Channel(from: shard, to: receiver)
            acknowledged[channel] = max(acknowledged[channel] ?? 0, number)
        // See `LookLedger`.
        case .payload, .listen, .unlisten, .unlistenAll, .lookPending, .lookDone, .lookedBack, .schedule,
            .unschedule, .eventSchedule, .eventSchedulePause, .eventScheduleCatchUp, .removeEventSchedule, .ticked,
            .backfill, .backfillMoved, .keep, .unkeep, .extended, .arrival, .forgetArrivals, .pend, .join, .close,
            .unpend, .outcome, .audit:
            break
        }
    }

    var hasUnacknowledgedMessages: Bool {
        sent.contains { channel, number in acknowledged[channel, default: 0] < number }
    }

    var registry: Registry {
        Registry(apps: Array(apps.values), functions: Array(functions.values))
    }
}

/// One run as its durable turns tell it.
struct LedgerRun {
    let row: RunRow
    private(set) var fold: Run?
    private(set) var head: RowID = 0
    var projection: RunProjection?
    private(set) var results: [StepID: Result] = [:]
    private(set) var generations: [JobNumber: UInt32] = [:]
    private(set) var invocations: [StepID: InvokeWait] = [:]
    private(set) var lastTurnAt: Timestamp?
    /// Everything that the run ever waited for.
    private(set) var waits: [Wait] = []
    /// The batch that ended the run.
    private(set) var endedLanding = Int.max

    struct Result {
        var value: StepResult
        var landing: Int
        var at: Timestamp
    }

    struct Wait {
        var listener: Listener
        var at: Timestamp
    }

    init(row: RunRow) {
        self.row = row
    }

    var isLive: Bool { fold?.isFinished == false }

    /// - Returns: whether the turn ended the run.
    mutating func apply(_ turn: Turn, row: RowID, landing: Int) -> Bool {
        let wasFinished = fold?.isFinished ?? false
        for entry in turn.entries {
            switch entry {
            case .started(let start):
                fold = Run(row: self.row.row, start: start, createdAt: turn.at)
            case .stepFinished(let result):
                if results[result.step] == nil {
                    results[result.step] = Result(value: result, landing: landing, at: turn.at)
                }
            case .called(let job, let generation):
                generations[job] = generation
            case .invoked(let wait):
                invocations[wait.step] = wait
            case .listening(let listener):
                waits.append(Wait(listener: listener, at: turn.at))
            case .finished:
                endedLanding = min(endedLanding, landing)
            default:
                break
            }
            fold?.apply(entry, at: turn.at)
        }
        head = row
        lastTurnAt = turn.at
        return !wasFinished && fold?.isFinished == true
    }
}
