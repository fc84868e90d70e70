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
    private let shardCount: Int
    private let configuration: EngineConfiguration
    private unowned let host: any ShardHost

    package private(set) var core: ShardCore?
    package private(set) var condition = ShardCondition.starting
    private var epoch: UInt64 = 0
    private var nextBatch: UInt64 = 1
    /// Changes with every start, so that answers meant for an earlier memory are dropped.
    private var incarnation: UInt64 = 0
    private var open = OpenBatch()
    private var committing: OpenBatch?
    private var retryDelay = Shard.firstRetry
    /// Inputs that came before the shard was ready.
    private var early: Deque<Submission> = []
    /// Inputs of a batch that the store refused, to be committed one at a time.
    private var suspects: Deque<Submission> = []
    /// Calls whose replies are not durable yet; a start does not repeat them.
    private var callsInAir: [CallID: UUID16] = [:]
    /// Inputs that wait for the store to say what their event ids have started before.
    private var awaitingLookUp: [Submission] = []
    private var isLookingUp = false
    private var isDraining = false

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
    private struct OpenBatch {
        var number: UInt64 = 0
        var time = Timestamp(milliseconds: 0)
        var writes: [Write] = []
        var effects: [Effect] = []
        var answers: [(completion: Completion, answer: Answer)] = []
        var submissions: [Submission] = []

        var isEmpty: Bool { submissions.isEmpty }
    }

    package init(id: ShardID, shardCount: Int, configuration: EngineConfiguration, host: any ShardHost) {
        self.id = id
        self.shardCount = shardCount
        self.configuration = configuration
        self.host = host
    }

    /// Takes the shard over and reads what it starts from; repeats until the store answers.
    package func start() {
        incarnation += 1
        let incarnation = incarnation
        core = nil
        open = OpenBatch()
        committing = nil
        isLookingUp = false
        change(to: .starting)
        host.claim { [self] result in
            guard incarnation == self.incarnation else { return }
            switch result {
            case .success(let claimed): begin(claimed)
            case .failure(let error):
                change(to: .stalled(error.description))
                retry { [self] in if incarnation == self.incarnation { start() } }
            }
        }
    }

    /// Stops for good: nothing is decided, committed or answered any more.
    package func stop() {
        incarnation += 1
        core = nil
        change(to: .stalled("shutting down"))
        let waiting = Array(early) + awaitingLookUp
        early = []
        awaitingLookUp = []
        for submission in waiting { submission.completion?(.failure(.unavailable("shutting down"))) }
    }

    private func begin(_ claimed: ClaimedShard) {
        retryDelay = Self.firstRetry
        epoch = claimed.epoch
        nextBatch = claimed.batch + 1
        let core = ShardCore(
            shard: id,
            shardCount: shardCount,
            state: claimed.state,
            openCalls: callsInAir,
            configuration: configuration,
            seed: host.randomSeed()
        )
        core.committedBatch = claimed.batch
        self.core = core
        change(to: .running)
        submit([Submission(.tick)])
        if suspects.isEmpty { submitEarly() } else { submitNextSuspect() }
    }

    private func submitEarly() {
        let waiting = Array(early)
        early = []
        submit(waiting)
    }

    /// A time that the shard asked for has come.
    package func tick() {
        guard core != nil else { return }
        submit([Submission(.tick)])
    }

    /// Decides inputs in order and commits them together.
    package func submit(_ submissions: [Submission]) {
        for submission in submissions { accept(submission) }
        flush()
        host.wake(at: core?.nextWake)
    }

    private func accept(_ submission: Submission) {
        if submission.input.isIntake, let reason = refusal {
            submission.completion?(.failure(.unavailable(reason)))
            return
        }
        guard let core else {
            if submission.input.survivesRestart { early.append(submission) }
            return
        }
        if !suspects.isEmpty, submission.input.survivesRestart {
            early.append(submission)
            return
        }
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
        case .running: core?.acceptsEvents == false ? "another shard is far behind" : nil
        }
    }

    private func decide(_ submission: Submission, _ core: ShardCore) {
        let time = host.now
        let decision = core.decide(submission.input, at: time, batch: nextBatch)
        open.time = max(open.time, time)
        open.writes += decision.writes
        open.effects += decision.effects
        open.submissions.append(submission)
        if let completion = submission.completion { open.answers.append((completion, decision.answer)) }
    }

    // MARK: - Commit

    private func flush() {
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
            case .failure(.stale(let reason)): restart(isolating: false, because: reason)
            case .failure(.rejected(let reason)): restart(isolating: true, because: reason)
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
        if !suspects.isEmpty, committing == nil { submitNextSuspect() }
    }

    /// The outcome of the commit is unknown. Nothing is thrown away: the store is asked which batch
    /// landed last, as often as it takes, and the batch is committed again only if it did not.
    private func stall(_ error: StoreError) {
        change(to: .stalled(error.description))
        let incarnation = incarnation
        retry { [self] in
            guard incarnation == self.incarnation, let batch = committing else { return }
            host.lastBatch(epoch: epoch) { [self] result in
                guard incarnation == self.incarnation else { return }
                switch result {
                case .success(batch.number): landed()
                case .success(batch.number - 1): commit(batch)
                case .success(let other): restart(isolating: false, because: "the store is at batch \(other)")
                case .failure(.stale(let reason)): restart(isolating: false, because: reason)
                case .failure(let error): stall(error)
                }
            }
        }
    }

    private func retry(_ body: @escaping () -> Void) {
        let delay = retryDelay
        retryDelay = min(TimeSpan.milliseconds(delay.milliseconds * 2), Self.longestRetry)
        host.after(delay, body)
    }

    private func release(_ batch: OpenBatch) {
        for submission in batch.submissions {
            if case .reply(let call, _) = submission.input { callsInAir[call] = nil }
        }
        for (completion, answer) in batch.answers { completion(.success(answer)) }
        for effect in batch.effects { release(effect) }
    }

    private func release(_ effect: Effect) {
        switch effect {
        case .load(let row): load(row)
        case .readWakes(let after, let upTo, let limit): readWakes(after: after, upTo: upTo, limit: limit)
        case .call(let call):
            callsInAir[call.id] = call.app
            host.perform(effect)
        default: host.perform(effect)
        }
    }

    // MARK: - Starting again

    /// Throws memory away and starts from the store. What senders wait for and what apps have
    /// answered is decided again; everything else comes back by itself.
    /// - Parameter isolating: the store refused the batch, so its inputs are committed one at a time
    ///   until the one at fault stands alone.
    private func restart(isolating: Bool, because reason: String) {
        let failed = committing?.submissions.filter(\.input.survivesRestart) ?? []
        let others = open.submissions + awaitingLookUp
        awaitingLookUp = []
        if isolating, failed.count == 1, let culprit = failed.first {
            setAside(culprit, because: reason)
        } else if isolating {
            suspects.append(contentsOf: failed)
        } else {
            early.append(contentsOf: failed)
        }
        early.append(contentsOf: others.filter(\.input.survivesRestart))
        start()
    }

    private func setAside(_ culprit: Submission, because reason: String) {
        host.quarantine(
            QuarantineReport(at: host.now, input: String(describing: culprit.input).prefixText(4_096), reason: reason)
        )
        if case .reply(let call, _) = culprit.input { callsInAir[call] = nil }
        culprit.completion?(.failure(.quarantined(reason)))
    }

    private func submitNextSuspect() {
        guard let core, let suspect = suspects.popFirst() else { return }
        decide(suspect, core)
        flush()
        host.wake(at: core.nextWake)
        if committing == nil { submitNextSuspect() }
        if suspects.isEmpty { submitEarly() }
    }

    private func change(to condition: ShardCondition) {
        guard self.condition != condition else { return }
        self.condition = condition
        host.report(condition)
    }
}

// MARK: - Reading

extension Shard {
    private func load(_ row: RowID) {
        read({ host, done in host.readRun(row, done) }, { .loaded(row, $0) })
    }

    private func readWakes(after: Wake?, upTo: Timestamp, limit: Int) {
        read({ host, done in host.readWakes(after: after, upTo: upTo, limit: limit, done) }, { .wakes($0) })
    }

    /// Reads from the store, as often as it takes, and comes back with an input.
    private func read<Value>(
        _ fetch: @escaping (any ShardHost, @escaping (Result<Value, StoreError>) -> Void) -> Void,
        _ input: @escaping (Value) -> Input
    ) {
        let incarnation = incarnation
        fetch(host) { [self] result in
            guard incarnation == self.incarnation else { return }
            switch result {
            case .success(let value): submit([Submission(input(value))])
            case .failure:
                host.after(.milliseconds(500)) { [self] in
                    if incarnation == self.incarnation { read(fetch, input) }
                }
            }
        }
    }

    /// Asks the store about event ids that memory does not know; one question at a time, for all
    /// who wait.
    private func lookUp() {
        guard !isLookingUp, let core, !awaitingLookUp.isEmpty else { return }
        isLookingUp = true
        let incarnation = incarnation
        let waiting = awaitingLookUp
        awaitingLookUp = []
        let keys = waiting.flatMap { core.keysToLookUp(for: $0.input) ?? [] }
        let memory = core.memoryOfRecentEvents
        let since = Timestamp(milliseconds: host.now.milliseconds - configuration.idempotencyPeriod.milliseconds)
        host.functionsStarted(by: keys, since: since) { [self] result in
            guard incarnation == self.incarnation else {
                for submission in waiting { submission.completion?(.failure(.unavailable("the server restarted"))) }
                return
            }
            isLookingUp = false
            switch result {
            case .success(let functions):
                let prior = PriorRuns(functions: functions, memory: memory)
                submit(waiting.map { Submission($0.input.with(prior), $0.completion) })
            case .failure(let error):
                for submission in waiting { submission.completion?(.failure(.unavailable(error.description))) }
            }
            lookUp()
        }
    }
}

extension Input {
    /// Inputs that bring new work; refused while nothing new can be made durable.
    fileprivate var isIntake: Bool {
        switch self {
        case .events, .invoke, .register: true
        default: false
        }
    }

    /// Inputs that nobody would repeat. Reads, alarms and messages come again by themselves.
    fileprivate var survivesRestart: Bool {
        switch self {
        case .events, .invoke, .register, .reply, .syncFailed: true
        case .tick, .loaded, .wakes, .registry, .message, .acknowledged, .probed: false
        }
    }

    fileprivate func with(_ prior: PriorRuns) -> Input {
        guard case .events(let events, _) = self else { return self }
        return .events(events, prior: prior)
    }
}

extension String {
    fileprivate func prefixText(_ count: Int) -> String {
        utf8.count <= count ? self : String(prefix(count)) + "…"
    }
}
