import ApusCore
import ApusNode
import ApusStore

@testable import ApusEngine

/// A result that an app was told to be stored is durable, whatever happens, and its step is never run again. A
/// call that counts no more stores nothing and changes nothing; one that counts is never told otherwise.
final class CheckpointsRule {
    /// What apps were told.
    private var stored: [CallLog.StepKey: Stored] = [:]
    /// Calls with a report in their run's journal.
    private var reporting: Set<CallID> = []

    private struct Stored {
        var row: RowID
        var memo: RawJSON
    }

    // MARK: - What the server says

    func answered(
        _ report: SimulatedReport, _ answer: CheckpointAnswer, by host: SimulatedHost, in world: SimulatedWorld
    ) {
        switch answer {
        case .stored: checkStored(report, by: host, in: world)
        case .stale: checkStale(report, in: world)
        case .unknownRun, .tooLarge:
            world.report(.checkpoints, "\(world.rules.name(of: report.record.id.run)) got a report answered \(answer)")
        }
    }

    private func checkStored(_ report: SimulatedReport, by host: SimulatedHost, in world: SimulatedWorld) {
        let call = report.record.id
        if report.isStored { world.coverage.count(.reportRepeated) }
        report.isStored = true
        for reported in report.steps {
            world.coverage.count(.stepReported)
            let recorded = world.rules.ledger.runs[call.run]?.results[reported.step.id]?.value.memo.json
            guard recorded == reported.memo else {
                return world.report(
                    .checkpoints,
                    "\(world.rules.name(of: call.run)): the report of step \(reported.step.userID) by \(call) was "
                        + "answered as stored, and its journal holds \(recorded.map { "\($0)" } ?? "nothing")"
                )
            }
            stored[CallLog.StepKey(run: report.record.run, step: reported.step.id)] = Stored(
                row: call.run, memo: reported.memo
            )
        }
        checkMemory(of: call.run, by: host, in: world)
    }

    /// Whether it is true that the call counts no more. Its app stops at it.
    private func checkStale(_ report: SimulatedReport, in world: SimulatedWorld) {
        world.coverage.count(.reportStale)
        let call = report.record.id
        guard let fold = world.rules.ledger.runs[call.run]?.fold, !fold.isFinished, let job = fold.job(call.job),
            job.isCalling, job.generation == call.generation
        else { return }
        world.report(
            .checkpoints, "\(world.rules.name(of: call.run)): \(call) was told that it counts no more, and it does")
    }

    /// What a shard remembers of a run is what its journal says.
    private func checkMemory(of row: RowID, by host: SimulatedHost, in world: SimulatedWorld) {
        guard world.rules.steps.owner(of: host.id) == host.memory, let journal = world.rules.ledger.runs[row]?.fold,
            let memory = host.shard.core?.residents[row]?.run
        else { return }
        let name = world.rules.name(of: row)
        guard memory.stack.starts(with: journal.stack),
            journal.memos.entries.allSatisfy({ memory.memos[$0.step] == $0.memo })
        else {
            return world.report(.memory, "\(name) has \(memory.stack) in memory and \(journal.stack) in its journal")
        }
        // Decisions that are on their way to the store are ahead of it.
        guard host.shard.isSettled, memory != journal else { return }
        world.report(.memory, "\(name) has the jobs \(memory.jobs) in memory and \(journal.jobs) in its journal")
    }

    // MARK: - What becomes durable

    /// The batch has not been added to the ledger yet.
    func check(_ batch: Batch, in world: SimulatedWorld) {
        guard world.scenario.hasReports else { return }
        var folds: [RowID: Run] = [:]
        for case .turn(_, let row, _, let turn) in batch.writes {
            guard var fold = folds[row] ?? world.rules.ledger.runs[row]?.fold else { continue }
            var results: [StepResult] = []
            for entry in turn.entries {
                switch entry {
                case .stepFinished(let result): results.append(result)
                case .checkpointed(let number):
                    check(results, of: fold.job(number), number, in: fold, world)
                    results = []
                case .called(_, let generation) where generation > 1 && !fold.stack.isEmpty:
                    world.coverage.count(.calledWithResults)
                case .attemptFailed(let number, _, let error):
                    checkProgress(error, of: fold.job(number), in: fold, world)
                    checkReplaced(error, in: fold, world)
                case .finished(let end):
                    guard let error = end.output?.json, end.status == .failed else { break }
                    checkReplaced(error, in: fold, world)
                    for job in fold.jobs { checkProgress(error, of: job, in: fold, world) }
                default: break
                }
                fold.apply(entry, at: turn.at)
            }
            folds[row] = fold
        }
    }

    /// Reports are taken from the call under way alone.
    private func check(
        _ results: [StepResult], of job: Job?, _ number: JobNumber, in fold: Run, _ world: SimulatedWorld
    ) {
        let name = world.rules.name(of: fold.row)
        guard let job, job.isCalling else {
            return world.report(.checkpoints, "\(name): job \(number) stores a report and is not being called")
        }
        let call = CallID(run: fold.row, job: number, generation: job.generation)
        reporting.insert(call)
        let executions = world.apps.log.executions
        for result in results {
            guard let serial = result.memo.json.view["data"]?["execution"]?.int,
                executions.indices.contains(Int(serial))
            else { continue }
            let origin = executions[Int(serial)].call.id
            if origin != call {
                world.report(.checkpoints, "\(name): \(call) stores the result of \(result.label.name) of \(origin)")
            }
        }
    }

    /// A call that has reported steps leads on, whatever it repeats.
    private func checkProgress(_ error: RawJSON, of job: Job?, in fold: Run, _ world: SimulatedWorld) {
        guard let job, error.holds("made no progress"),
            reporting.contains(CallID(run: fold.row, job: job.number, generation: job.generation))
        else { return }
        world.report(
            .progress,
            "\(world.rules.name(of: fold.row)): job \(job.number) has reported steps and is told to have none"
        )
    }

    private func checkReplaced(_ error: RawJSON, in fold: Run, _ world: SimulatedWorld) {
        guard error.holds(SimulatedReport.replaced) else { return }
        world.report(.checkpoints, "\(world.rules.name(of: fold.row)) takes the answer of a call that was replaced")
    }

    // MARK: - What apps do

    func executes(_ step: StepID, in call: CallRecord, _ world: SimulatedWorld) {
        guard stored[CallLog.StepKey(run: call.run, step: step)] != nil,
            let result = world.rules.ledger.runs[call.id.run]?.results[step],
            let called = world.rules.ledger.called[call.id], called.number >= result.landing
        else { return }
        world.report(
            .checkpoints,
            "\(world.rules.name(of: call.id.run)): step \(result.value.label.name) is executed again by \(call.id), "
                + "although an app was told that its result is stored"
        )
    }

    /// What was told to be stored is in the store.
    func checkEnd(of world: SimulatedWorld) {
        let rows = Set(stored.values.map(\.row)).sorted()
        let memos = Dictionary(uniqueKeysWithValues: rows.map { ($0, Self.memos(of: $0, in: world)) })
        for (key, told) in stored where memos[told.row]?[key.step] != told.memo {
            world.report(.checkpoints, "\(world.rules.name(of: told.row)) has lost the result of step \(key.step)")
        }
    }

    private static func memos(of row: RowID, in world: SimulatedWorld) -> [StepID: RawJSON] {
        var memos: [StepID: RawJSON] = [:]
        for turn in (try? world.store.reader.run(row))?.turns ?? [] {
            for case .stepFinished(let result) in turn.entries where memos[result.step] == nil {
                memos[result.step] = result.memo.json
            }
        }
        return memos
    }
}

extension RawJSON {
    fileprivate func holds(_ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }
}
