import ApusCore
import ApusEngine

/// Drives a shard's state machine as a store and an app would that take no time.
final class EngineDrive {
    private let core: ShardCore
    private var now = Timestamp(milliseconds: 1_800_000_000_000)
    private var batch: UInt64 = 0
    /// Calls that have to be answered, oldest first, with the number of steps that they bring along.
    private var calls: [Call] = []

    private struct Call {
        var id: CallID
        var finished: Int
    }

    private static let replies: [AppReply] = (0..<BenchmarkFunction.mostSteps).map { index in
        let name = BenchmarkFunction.stepName(index)
        let data = RawJSON(canonical: Array(BenchmarkFunction.output(ofStep: index).utf8))
        let op = Op(
            kind: .stepRun, id: BenchmarkFunction.stepIDs[index], name: name, displayName: name, data: data
        )
        return .ops(AppReply.OpList(ops: [op], version: 2))
    }

    private static func event(named name: String) -> SubmittedEvent {
        SubmittedEvent(IncomingEvent(name: name, data: RawJSON(canonical: Array("{\"order\":\"A-1042\"}".utf8))))
    }

    /// - Parameter runs: runs of ten steps that are always in flight.
    init(runs: Int) throws {
        core = ShardCore(
            shard: 0, shardCount: 1, state: ShardState(rows: .empty(shard: 0)),
            configuration: EngineConfiguration(), seed: 1
        )
        let body = BenchmarkRegistration.body(url: "http://127.0.0.1:1/api/inngest")
        _ = decide(.register(try Registration.decode(body)))
        for effect in decide(.tick).effects {
            guard case .readWakes(_, let upTo, _) = effect else { continue }
            _ = decide(.wakes(WakePage(wakes: [], upTo: upTo, isFull: false)))
        }
        for _ in 0..<runs { start() }
        guard calls.count == runs else { throw BenchmarkError("\(calls.count) of \(runs) runs have made a call") }
    }

    func nanosecondsPerStep(seconds: Double) throws -> Double {
        let watch = Stopwatch()
        var steps = 0
        while watch.seconds < seconds {
            now.milliseconds += 1
            let round = calls
            calls.removeAll(keepingCapacity: true)
            for call in round {
                if call.finished < Self.replies.count {
                    follow(decide(.reply(call.id, Self.replies[call.finished])), finished: call.finished + 1)
                    steps += 1
                } else {
                    _ = decide(.reply(call.id, .returned(.null)))
                    start()
                }
            }
            guard !calls.isEmpty else { throw BenchmarkError("the runs have stopped") }
        }
        return watch.nanoseconds / Double(steps)
    }

    func nanosecondsPerEvent(seconds: Double) throws -> Double {
        let event = Self.event(named: "bench/unmatched")
        let watch = Stopwatch()
        var events = 0
        while watch.seconds < seconds {
            now.milliseconds += 1
            for _ in 0..<100 { _ = decide(.events([event], prior: .unasked)) }
            events += 100
        }
        return watch.nanoseconds / Double(events)
    }

    private func start() {
        let event = Self.event(named: BenchmarkFunction.tenSteps.event)
        follow(decide(.events([event], prior: .unasked)), finished: 0)
    }

    private func follow(_ decision: Decision, finished: Int) {
        for case .call(let call) in decision.effects { calls.append(Call(id: call.id, finished: finished)) }
    }

    private func decide(_ input: Input) -> Decision {
        batch += 1
        core.committedBatch = batch - 1
        return core.decide(input, at: now, batch: batch)
    }
}
