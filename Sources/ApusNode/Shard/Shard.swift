import ApusCore
import ApusEngine
import ApusStore
import DequeModule

/// Owns a shard: *decide, commit, act*.
///
/// Decisions that are made while a commit is under way share the next one; nothing waits to fill a
/// batch. Effects of a decision, also of one that wrote nothing, leave only when the newest batch
/// that its state depends on is durable. Confined to one executor.
package final class Shard {
    package typealias Completion = (Result<Answer, ShardError>) -> Void

    package let id: ShardID
    let shardCount: Int
    let configuration: EngineConfiguration
    unowned let host: any ShardHost

    package internal(set) var core: ShardCore?
    package private(set) var condition = ShardCondition.starting
    var epoch: UInt64 = 0
    var nextBatch: UInt64 = 1
    /// Changes with every start, so that answers meant for an earlier memory are dropped.
    var incarnation: UInt64 = 0
    var open = OpenBatch()
    var committing: OpenBatch?
    private var retryDelay = Shard.firstRetry
    /// Inputs that came before the shard was ready.
    var early: [Submission] = []
    var isolation = Isolation()
    /// Calls whose replies are not durable yet; a start does not repeat them.
    var callsInAir: [CallID: InheritedCall] = [:]
    /// Inputs that wait for the store to say what their event ids have started before.
    var awaitingLookUp: [Submission] = []
    var isLookingUp = false
    /// Questions after listeners that wait for the store; one read answers all of them.
    var awaitingListeners: [ListenerQuestion] = []
    var isReadingListeners = false
    /// Inputs that take effect when the shard has read their run.
    var awaitingRun: [(run: RowID, submission: Submission)] = []

    private static let firstRetry = TimeSpan.milliseconds(100)
    private static let longestRetry = TimeSpan.seconds(5)

    /// An input with the one who waits for its answer.
    package struct Submission {
        package var input: Input
        package var completion: Completion?

        package init(_ input: Input, _ completion: Completion? = nil) {
            self.input = input
            self.completion = completion
        }
    }

    /// Decisions that become durable together.
    struct OpenBatch {
        var number: UInt64 = 0
        var time = Timestamp(milliseconds: 0)
        var writes: [Write] = []
        var effects: [Effect] = []
        var answers: [(completion: Completion, answer: Answer)] = []
        var submissions: [Submission] = []
        /// The store was asked to commit it and has not said what became of that.
        var mayHaveLanded = false

        var isEmpty: Bool { submissions.isEmpty && effects.isEmpty }
    }

    package init(id: ShardID, shardCount: Int, configuration: EngineConfiguration, host: any ShardHost) {
        self.id = id
        self.shardCount = shardCount
        self.configuration = configuration
        self.host = host
    }

    /// A time that the shard asked for has come.
    package func tick() {
        guard core != nil else { return }
        submit([Submission(.tick)])
    }

    /// Decides inputs in order and commits them together.
    package func submit(_ submissions: [Submission]) {
        for submission in submissions { accept(submission) }
        settle()
    }

    /// Commits what was decided, and asks for the next alarm.
    func settle() {
        flush()
        isolate()
        host.wake(at: isolation.isActive ? nil : core?.nextWake)
    }

    private func accept(_ submission: Submission) {
        if submission.input.isIntake, let reason = refusal {
            submission.completion?(.failure(.unavailable(reason)))
            return
        }
        guard let core else {
            if condition != .stopped, submission.input.survivesRestart {
                early.append(submission)
            } else {
                submission.completion?(.failure(.unavailable("the server is shutting down")))
            }
            return
        }
        guard isolation.isActive else { return place(submission, core) }
        switch submission.input {
        case .loaded: place(submission, core)
        case .tick: break
        default: early.append(submission)
        }
    }

    /// Decides an input, or asks the store first for what the decision depends on.
    func place(_ submission: Submission, _ core: ShardCore) {
        if core.keysToLookUp(for: submission.input) != nil {
            awaitingLookUp.append(submission)
            lookUp()
            return
        }
        decide(submission, core)
    }

    /// Why new events cannot be taken; `nil` when they can.
    private var refusal: String? {
        switch condition {
        case .starting: "the server is starting"
        case .stalled(let reason): reason
        case .stopped: "the server is shutting down"
        case .running: core?.refusal
        }
    }

    private func decide(_ submission: Submission, _ core: ShardCore) {
        let decision = core.decide(submission.input, at: host.now, batch: nextBatch)
        open.time = core.time
        open.writes += decision.writes
        open.effects += decision.effects
        if let run = decision.postponedUntilLoaded {
            awaitingRun.append((run, submission))
            return
        }
        note(submission, decision.answer)
        guard case .loaded(let run, _) = submission.input else { return }
        var answers = decision.postponedAnswers.makeIterator()
        for waiting in awaitingRun where waiting.run == run { note(waiting.submission, answers.next() ?? .none) }
        awaitingRun.removeAll { $0.run == run }
    }

    /// The submission is part of the open batch.
    private func note(_ submission: Submission, _ answer: Answer) {
        open.submissions.append(submission)
        if let completion = submission.completion { open.answers.append((completion, answer)) }
    }

    // MARK: - Commit

    func flush() {
        guard committing == nil, !open.isEmpty else { return }
        var batch = open
        open = OpenBatch()
        guard !batch.writes.isEmpty else {
            release(batch)
            return
        }
        batch.number = nextBatch
        nextBatch += 1
        committing = batch
        commit(batch)
    }

    private func commit(_ batch: OpenBatch) {
        let incarnation = incarnation
        let durable = Batch(shard: id, epoch: epoch, number: batch.number, time: batch.time, writes: batch.writes)
        host.commit(durable) { [self] result in
            guard incarnation == self.incarnation else { return }
            switch result {
            case .success: landed()
            case .failure(.stale(let reason)): restart(because: reason)
            case .failure(.rejected(let reason)): isolate(batch, because: reason)
            case .failure(let error): stall(error)
            }
        }
    }

    private func landed() {
        guard let batch = committing else { return }
        committing = nil
        retryDelay = Self.firstRetry
        core?.committedBatch = batch.number
        if condition != .running { change(to: .running) }
        // The next commit goes on its way before the effects of this one are carried out.
        flush()
        release(batch)
        isolate()
    }

    /// The outcome of the commit is unknown. Nothing is thrown away: the store is asked which batch
    /// landed last, as often as it takes, and the batch is committed again only if it did not.
    private func stall(_ error: StoreError) {
        change(to: .stalled(error.description))
        committing?.mayHaveLanded = true
        let incarnation = incarnation
        retry { [self] in
            guard incarnation == self.incarnation, let batch = committing else { return }
            host.lastBatch(epoch: epoch) { [self] result in
                guard incarnation == self.incarnation else { return }
                switch result {
                case .success(batch.number): landed()
                case .success(batch.number - 1): commit(batch)
                case .success(let other): restart(because: "the store is at batch \(other)")
                case .failure(.stale(let reason)): restart(because: reason)
                case .failure(let error): stall(error)
                }
            }
        }
    }

    func retry(_ body: @escaping () -> Void) {
        let delay = retryDelay
        retryDelay = min(TimeSpan.milliseconds(delay.milliseconds * 2), Self.longestRetry)
        host.after(delay, body)
    }

    private func release(_ batch: OpenBatch) {
        for submission in batch.submissions {
            switch submission.input {
            case .reply(let call, _): callsInAir[call] = nil
            case .gateway(let report) where report.isLast: callsInAir[report.call] = nil
            default: break
            }
        }
        // Whoever is answered may ask for the registry in the same instant.
        for effect in batch.effects where effect.changesRegistry { release(effect) }
        for (completion, answer) in batch.answers { completion(.success(answer)) }
        for effect in batch.effects where !effect.changesRegistry { release(effect) }
        readListeners()
    }

    private func release(_ effect: Effect) {
        switch effect {
        case .load(let row): load(row)
        case .readWakes(let after, let upTo, let limit): readWakes(after: after, upTo: upTo, limit: limit)
        case .findListeners(let question): awaitingListeners.append(question)
        case .findEvents(let name, let since, let listener): readEvents(named: name, since: since, for: listener)
        case .readEvents(let rows, let run): readEvents(rows, for: run)
        case .readTemplates(let schedules, let read, let bytes): readTemplates(schedules, read: read, bytes: bytes)
        case .call(let call):
            callsInAir[call.id] = InheritedCall(app: call.app, slots: call.slots)
            host.perform(effect)
        case .gateway(let call):
            callsInAir[call.id] = InheritedCall(app: call.app, slots: call.slots, isGateway: true)
            host.perform(effect)
        default: host.perform(effect)
        }
    }

    func change(to condition: ShardCondition) {
        guard self.condition != condition else { return }
        self.condition = condition
        host.report(condition)
    }
}

extension Effect {
    fileprivate var changesRegistry: Bool {
        if case .registryChanged = self { true } else { false }
    }
}
