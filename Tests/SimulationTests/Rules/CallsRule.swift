import ApusCore
import ApusEngine
import ApusStore

/// Calls in flight stay below their limits; a job has one at a time and numbers them.
final class CallsRule {
    private let limits: Limits
    private var live: [Job: CallRecord] = [:]

    private struct Job: Hashable {
        var memory: Int
        var run: RowID
        var number: JobNumber
    }

    init(limits: Limits) {
        self.limits = limits
    }

    func began(_ call: CallRecord, isNew: Bool, by host: SimulatedHost, in world: SimulatedWorld) {
        if !isNew { world.report(.calls, "the call \(call.id) is made twice") }
        host.openCalls[call.app, default: 0] += 1
        let open = host.openCalls[call.app, default: 0]
        if open > limits.callsPerApp {
            world.report(
                .calls, "shard \(host.id) has \(open) calls open to one app; \(limits.callsPerApp) are allowed")
        }
        let job = Job(memory: host.memory, run: call.id.run, number: call.id.job)
        if let other = live.updateValue(call, forKey: job),
            !world.rules.steps.hasLostMemory(host.id, between: other.calledAt, and: call.calledAt)
        {
            world.report(.calls, "job \(call.id.job) of run \(call.run) has two calls at a time")
        }
    }

    func ended(_ call: CallRecord, by host: SimulatedHost) {
        host.openCalls[call.app, default: 0] -= 1
        let job = Job(memory: host.memory, run: call.id.run, number: call.id.job)
        if live[job] === call { live[job] = nil }
    }

    /// Calls that a memory has made and that have not come back, by run.
    func inFlight(from memory: Int) -> [CallID] {
        live.filter { $0.key.memory == memory }.map(\.value.id).sorted { ($0.run, $0.job) < ($1.run, $1.job) }
    }

    /// A job's calls are numbered without gaps.
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let run, _, let turn) in batch.writes {
            var latest: [JobNumber: UInt32] = [:]
            for case .called(let job, let generation) in turn.entries {
                let previous = latest[job] ?? world.rules.ledger.runs[run]?.generations[job] ?? 0
                latest[job] = generation
                if generation != previous + 1 {
                    world.report(
                        .calls,
                        "\(world.rules.name(of: run)): generation \(generation) of job \(job) follows \(previous)"
                    )
                }
            }
        }
    }

    /// A call shows its app what is durable: the results in the order in which they came.
    func check(_ request: CallRequest, in world: SimulatedWorld) {
        let id = request.call.id
        guard let run = world.rules.ledger.runs[id.run], let fold = run.fold else { return }
        if request.generation != Int(id.generation) {
            world.report(.calls, "the body says generation \(request.generation), the call is \(id)")
        }
        if !fold.stack.starts(with: request.stack) {
            world.report(.calls, "run \(fold.id): the stack \(request.stack) is no beginning of \(fold.stack)")
        }
        guard !request.usesAPI else { return }
        let tags = fold.start.events.map { event in
            world.rules.looks.event(event)?.row.body.view["data"]?["tag"]?.string ?? ""
        }
        if request.eventTags != tags {
            world.report(.calls, "run \(fold.id): the call shows the events \(request.eventTags) instead of \(tags)")
        }
        if request.memos.count != request.stack.count {
            world.report(.calls, "run \(fold.id): \(request.memos.count) results for a stack of \(request.stack.count)")
        }
        for step in request.stack where request.memos[step] != run.results[step]?.value.memo.json {
            world.report(.calls, "run \(fold.id): the call shows another result of step \(step) than the one recorded")
        }
    }
}
