import ApusCore

/// Steps that an app reports while its call goes on.
extension ShardCore {
    /// Takes the results of steps. They are as durable as those of a reply when the sender hears of it; a repeat
    /// changes nothing, because the first result of a step counts.
    func receive(_ checkpoint: Checkpoint) {
        guard let resident = residents[checkpoint.row] else {
            // A run that is being called stays in memory, unless the call is older than memory.
            load(checkpoint.row, for: .checkpoint(checkpoint))
            decision.postponedUntilLoaded = checkpoint.row
            return
        }
        decision.answer = .checkpoint(take(checkpoint, for: resident))
    }

    func take(_ checkpoint: Checkpoint, for resident: Resident) -> CheckpointAnswer {
        guard resident.run.id == checkpoint.run else { return .unknownRun }
        guard !resident.run.isFinished, let job = job(of: checkpoint, in: resident.run) else { return .stale }
        let new = checkpoint.results.filter { !resident.run.isFinished($0.step) }
        var bytes = resident.run.memos.byteCount
        for result in new {
            bytes += result.memo.bytes.count
            guard bytes <= mostStateBytes(of: resident) else { return .tooLarge(result.step) }
        }
        guard resident.run.stack.count + new.count <= mostSteps(of: resident) else {
            fail(resident, .overflowedSteps(limit: mostSteps(of: resident)))
            return .stale
        }
        take(checkpoint.riders, attempt: job.attempt, of: resident)
        var isProgress = false
        // One checkpoint may hold a step twice.
        for result in new where !resident.run.isFinished(result.step) {
            settle(resident, result.step, .completed, memo: result.memo, label: result.label)
            isProgress = true
        }
        if isProgress { record(.checkpointed(job: job.number), resident) }
        return .stored
    }

    /// The job whose call reports; `nil` when that call counts no more.
    private func job(of checkpoint: Checkpoint, in run: Run) -> Job? {
        let calling = run.jobs.filter { $0.isCalling && $0.gateways.isEmpty }
        guard let number = checkpoint.job else {
            // The sender does not say which call it is about.
            return calling.first { $0.kind == .discovery } ?? calling.first
        }
        return calling.first { $0.number == number && $0.generation == checkpoint.generation ?? $0.generation }
    }
}

/// Results of steps that a call reports while it goes on.
package struct Checkpoint: Hashable, Sendable {
    package var run: ULID
    package var row: RowID
    /// The job that is being called; `nil` when the sender does not say.
    package var job: JobNumber?
    package var generation: UInt32?
    package var results: [Result]
    package var riders: [Rider]

    package struct Result: Hashable, Sendable {
        package var step: StepID
        package var memo: RawJSON
        package var label: StepLabel

        /// - Returns: `nil` for an op that brings no result.
        init?(_ op: Op) {
            switch op.kind {
            case .stepRun:
                label = StepLabel(name: op.displayName, kind: .run)
                memo = Memo.data(op.data)
            case .step:
                label = StepLabel(name: op.displayName, kind: .legacy)
                memo = op.data ?? .null
            default: return nil
            }
            step = op.id
        }
    }

    /// - Throws: ``CheckpointProblem`` for ops that cannot be reported so.
    package init(
        run: ULID, row: RowID, job: JobNumber?, generation: UInt32?, ops: [Op]
    ) throws(CheckpointProblem) {
        self.run = run
        self.row = row
        self.job = job
        self.generation = generation
        results = []
        riders = ops.flatMap(Rider.all)
        for op in ops {
            switch op.kind {
            case .stepRun, .step: if let result = Result(op) { results.append(result) }
            // Says only that the step has begun; what is deferred is a rider.
            case .stepPlanned, .deferAdd, .deferAbort: break
            case .runComplete, .stepFailed, .syncRunComplete: throw .opcode(op.kind)
            case .none, .stepError, .sleep, .waitForEvent, .waitForSignal, .invokeFunction, .aiGateway, .gateway,
                .discoveryRequest:
                throw .asynchronous
            }
        }
    }
}

/// Why a checkpoint says what none can say.
package enum CheckpointProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case asynchronous
    case opcode(Op.Kind)

    package var description: String {
        switch self {
        case .asynchronous: "cannot checkpoint async steps"
        case .opcode(let kind): "cannot checkpoint opcode: \(kind.rawValue)"
        }
    }
}

/// What became of a checkpoint.
package enum CheckpointAnswer: Hashable, Sendable {
    case stored
    /// The call counts no more: a newer one took its place, or the run has ended.
    case stale
    case unknownRun
    /// With this step the run's results would take too much room.
    case tooLarge(StepID)
}

/// Names the job of a call for the app, which hands it back with its checkpoints.
package struct CallToken: Hashable, Sendable {
    package var row: RowID
    package var job: JobNumber

    package init(row: RowID, job: JobNumber) {
        self.row = row
        self.job = job
    }

    package var text: String { "\(row).\(job)" }

    /// `nil` when it is none of ours.
    package init?(text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let row = RowID(parts[0]), let job = JobNumber(parts[1]) else { return nil }
        self.init(row: row, job: job)
    }
}
