import ApusCore
import ApusEngine
import ApusStore

/// A step that has a result keeps it, and its code never runs again; it runs twice only when nobody
/// can know how the first time ended.
final class StepsRule {
    /// When a shard began again without the memory of the one before.
    private var successions: [ShardID: [Int64]] = [:]
    private var owners: [ShardID: Int] = [:]

    func claimed(_ shard: ShardID, by memory: Int, at time: Int64) {
        if owners.updateValue(memory, forKey: shard) != memory { successions[shard, default: []].append(time) }
    }

    /// The memory that has read the shard last.
    func owner(of shard: ShardID) -> Int? {
        owners[shard]
    }

    // MARK: - What becomes durable

    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let row, _, let turn) in batch.writes {
            var fresh: Set<StepID> = []
            for case .stepFinished(let result) in turn.entries {
                let known = world.rules.ledger.runs[row]?.results[result.step]
                if known != nil || !fresh.insert(result.step).inserted {
                    world.report(.steps, "\(world.rules.name(of: row)): step \(result.label.name) is recorded again")
                }
                checkOrigin(of: result, in: row, world)
            }
        }
    }

    /// The result of a step comes from the newest call of its job.
    private func checkOrigin(of result: StepResult, in row: RowID, _ world: SimulatedWorld) {
        guard result.outcome == .completed, result.memo.json.view.kind == .object,
            let serial = result.memo.json.view["data"]?["execution"]?.int
        else { return }
        let executions = world.apps.log.executions
        guard executions.indices.contains(Int(serial)) else {
            return world.report(.steps, "step \(result.label.name) has a result that no app gave")
        }
        let execution = executions[Int(serial)]
        let call = execution.call.id
        guard call.run == row, execution.step == result.step, !execution.hasFailed else {
            return world.report(.steps, "step \(result.label.name) has the result of another step or of a failed one")
        }
        let newest = world.rules.ledger.runs[row]?.generations[call.job]
        if newest != call.generation {
            world.report(
                .steps,
                "\(world.rules.name(of: row)): step \(result.label.name) has the result of generation "
                    + "\(call.generation) of job \(call.job), but \(newest.map(String.init) ?? "none") was called since"
            )
        }
    }

    // MARK: - What apps do

    /// - Parameter earlier: the executions of the same step before.
    func executes(_ step: StepID, in call: CallRecord, earlier: [Execution], in world: SimulatedWorld) {
        let ledger = world.rules.ledger
        guard let calledAt = ledger.called[call.id] else { return }
        if let result = ledger.runs[call.id.run]?.results[step], result.landing < calledAt.number {
            world.report(
                .steps,
                "\(world.rules.name(of: call.id.run)): step \(result.value.label.name) has its result since batch "
                    + "\(result.landing) and is executed again by a call of batch \(calledAt.number)"
            )
        }
        for execution in earlier where !isExcused(execution, beside: call) {
            world.report(
                .steps,
                "\(world.rules.name(of: call.id.run)): step \(step) runs in job \(call.id.job) generation "
                    + "\(call.id.generation), although it ran in job \(execution.call.id.job) generation "
                    + "\(execution.call.id.generation), whose call is \(execution.call.fate)"
            )
        }
    }

    /// Whether the server could not know, when it made the later call, that the earlier one succeeds.
    private func isExcused(_ execution: Execution, beside call: CallRecord) -> Bool {
        if execution.hasFailed { return true }
        // A slow way can turn the order of the calls around.
        let first = execution.call.calledAt <= call.calledAt ? execution.call : call
        let second = execution.call.calledAt <= call.calledAt ? call : execution.call
        if case .lost = first.fate { return true }
        return hasLostMemory(call.shard, between: first.calledAt, and: second.calledAt)
    }

    /// Whether a shard began again, without knowing of the calls in flight, within this time.
    func hasLostMemory(_ shard: ShardID, between first: Int64, and last: Int64) -> Bool {
        successions[shard, default: []].contains { first <= $0 && $0 <= last }
    }
}
