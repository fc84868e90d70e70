import ApusCore
import ApusEngine

/// A call as the world knows it, from the moment it left its shard.
final class CallRecord {
    let id: CallID
    let shard: ShardID
    let run: ULID
    let app: UUID16
    /// The memory of the shard that made the call.
    let memory: Int
    /// When the call became durable, shortly before it was sent.
    let calledAt: Int64
    var fate = Fate.open
    var request: CallRequest?

    enum Fate {
        case open
        /// The reply came back to the memory that made the call.
        case answered
        /// No reply came back, or one that nobody can read.
        case lost
    }

    init(_ call: OutgoingCall, from host: SimulatedHost, calledAt time: Int64) {
        id = call.id
        run = call.runID
        app = call.app
        shard = host.id
        memory = host.memory
        calledAt = time
    }
}

/// One execution of one step's body.
struct Execution {
    var serial: Int
    var call: CallRecord
    var step: StepID
    var at: Int64
    var hasFailed: Bool
}

/// Everything that the apps were asked and did.
final class CallLog {
    private(set) var calls: [CallRecord] = []
    private(set) var byID: [CallID: CallRecord] = [:]
    private(set) var executions: [Execution] = []
    private var executionsByStep: [StepKey: [Int]] = [:]
    private var functionErrors: [ULID: Int] = [:]
    private var emptyReplies: [ULID: Int] = [:]

    struct StepKey: Hashable {
        var run: ULID
        var step: StepID
    }

    /// - Returns: `false` when the very same call was made before.
    func record(_ call: CallRecord) -> Bool {
        calls.append(call)
        return byID.updateValue(call, forKey: call.id) == nil
    }

    /// - Returns: the number of the execution, and the executions of the same step before it.
    func record(_ step: StepID, in call: CallRecord, at time: Int64) -> (serial: Int, earlier: [Execution]) {
        let serial = executions.count
        let key = StepKey(run: call.run, step: step)
        let earlier = executionsByStep[key, default: []].map { executions[$0] }
        executions.append(Execution(serial: serial, call: call, step: step, at: time, hasFailed: false))
        executionsByStep[key, default: []].append(serial)
        return (serial, earlier)
    }

    func markFailed(_ serial: Int) {
        executions[serial].hasFailed = true
    }

    func countFunctionError(of run: ULID) -> Int {
        functionErrors[run, default: 0] += 1
        return functionErrors[run, default: 0]
    }

    func countEmptyReply(of run: ULID) -> Int {
        emptyReplies[run, default: 0] += 1
        return emptyReplies[run, default: 0]
    }
}
