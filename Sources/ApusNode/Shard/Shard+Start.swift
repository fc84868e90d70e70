import ApusCore
import ApusEngine
import ApusStore

/// Starting, and starting again when memory and store may disagree.
extension Shard {
    /// The shard that changes the registry; the others are told.
    private static let registryOwner: ShardID = 0

    /// Takes the shard over and reads what it starts from; repeats until the store answers.
    package func start() {
        incarnation += 1
        let incarnation = incarnation
        core = nil
        open = OpenBatch()
        committing = nil
        isLookingUp = false
        awaitingListeners = []
        isReadingListeners = false
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

    private func begin(_ claimed: ClaimedShard) {
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
        if id == Self.registryOwner {
            // An earlier memory may have changed it and then not been able to tell the others.
            host.perform(.registryChanged(core.registry))
        }
        if isolation.isActive { isolate() } else { resume() }
    }

    /// Everyday life begins, with what came in before.
    private func resume() {
        let waiting = early
        early = []
        submit([Submission(.tick)])
        submit(waiting)
    }

    /// Stops for good: nothing is decided, committed or answered any more.
    package func stop() {
        incarnation += 1
        core = nil
        change(to: .stopped)
        let undecided = early + isolation.removeAll() + awaitingLookUp + awaitingRun.map(\.submission)
        let waiting = undecided + open.submissions + (committing?.submissions ?? [])
        early = []
        awaitingLookUp = []
        awaitingRun = []
        open = OpenBatch()
        committing = nil
        for submission in waiting { submission.completion?(.failure(.unavailable("the server is shutting down"))) }
    }

    // MARK: - Again

    /// Throws memory away and starts from the store. What senders wait for and what apps have
    /// answered is decided again; everything else comes back by itself.
    func restart(because reason: String) {
        keepForStart(committing.map(repeatable) ?? [])
        start()
    }

    /// What of a batch can be decided again: all of it, unless it may have landed and would not be
    /// recognised.
    private func repeatable(_ batch: OpenBatch) -> [Submission] {
        guard batch.mayHaveLanded else { return batch.submissions }
        let lost = batch.submissions.filter(\.input.isUnrepeatable)
        for submission in lost {
            submission.completion?(.failure(.unavailable("it is not known whether the store has kept it")))
        }
        return batch.submissions.filter { !$0.input.isUnrepeatable }
    }

    /// - Parameter decided: what was decided before everything else that waits.
    private func keepForStart(_ decided: [Submission]) {
        let undecided = open.submissions + awaitingRun.map(\.submission) + awaitingLookUp
        awaitingRun = []
        awaitingLookUp = []
        // What the store said of event ids before may have changed with the batch.
        early = (decided + undecided + early)
            .filter(\.input.survivesRestart)
            .map { Submission($0.input.with(.unasked), $0.completion) }
    }

    // MARK: - Poison

    /// The store refuses the batch whatever happens: its inputs are committed one at a time until the
    /// one at fault stands alone.
    func isolate(_ batch: OpenBatch, because reason: String) {
        let suspects = batch.submissions.filter(\.input.canBeAtFault)
        let isAlone = isolation.isActive || batch.submissions.count == 1
        if isAlone, suspects.count == 1, let culprit = suspects.first {
            setAside(culprit, because: reason)
        } else {
            isolation.suspect(suspects.map { Submission($0.input.with(.unasked), $0.completion) })
        }
        keepForStart(batch.submissions.filter { !$0.input.canBeAtFault })
        guard suspects.isEmpty else { return start() }
        // No input can be blamed, so the same may happen again at once.
        let incarnation = incarnation
        change(to: .stalled(reason))
        retry { [self] in if incarnation == self.incarnation { start() } }
    }

    private func setAside(_ culprit: Submission, because reason: String) {
        host.quarantine(
            QuarantineReport(at: host.now, input: culprit.input.report.prefixText(4_096), reason: reason)
        )
        if let substitute = culprit.input.substitute(because: reason) { isolation.suspect([Submission(substitute)]) }
        culprit.completion?(.failure(.quarantined(reason)))
    }

    /// Commits suspects one after the other; when none is left, everyday life goes on.
    func isolate() {
        while let core, isolation.isActive, isSettled {
            guard let suspect = isolation.next() else { return resume() }
            place(suspect, core)
            flush()
        }
    }

    /// Whether everything that was handed in is durable or answered.
    package var isSettled: Bool {
        committing == nil && open.isEmpty && !isLookingUp && awaitingLookUp.isEmpty && awaitingRun.isEmpty
    }
}

extension String {
    fileprivate func prefixText(_ count: Int) -> String {
        utf8.count <= count ? self : String(prefix(count)) + "…"
    }
}
