import ApusCore

/// The state of one run: the fold of its journal.
///
/// `apply` is the only way to change it, both when a decision is made and when a run is read back
/// from the store, so the two can never disagree.
package struct Run: Hashable, Sendable {
    package let row: RowID
    package let start: RunStart
    package let createdAt: Timestamp
    /// The first call's time.
    package private(set) var startedAt: Timestamp?
    package private(set) var end: RunEnd?
    package private(set) var endedAt: Timestamp?

    /// The execution model that the first reply with ops fixed; -1 until then.
    package private(set) var version = -1
    /// Whether apps are to report steps instead of running them.
    package private(set) var isPlanning = false
    package private(set) var memos = Memos()
    /// Finished steps in the order in which they finished.
    package private(set) var stack: [StepID] = []
    /// The steps of the current parallel batch that have no result yet.
    package private(set) var pending: Set<StepID> = []
    /// Names the joint discovery of the current parallel batch; `nil` outside one.
    package private(set) var joint: UInt64?
    package private(set) var jobs: [Job] = []
    package private(set) var waits: [StepID: InvokeWait] = [:]
    /// What the run waits for besides other runs, and what cancels it.
    package private(set) var listeners: [Listener] = []
    /// When the run is cancelled unless it has been called by then.
    package private(set) var startBy: Timestamp?
    /// When the run is cancelled unless it has ended by then.
    package private(set) var finishBy: Timestamp?
    /// How flow control treats the run; `nil` when its function limits nothing.
    package private(set) var flow: RunFlow?
    /// Who else waits for a run that a batch of invocations has started.
    private var moreInvokers: [Invoker] = []
    package private(set) var nextJob: JobNumber = 0
    package private(set) var labels: [StepID: StepLabel] = [:]
    /// Replies since the last finished step that reported nothing and asked to be called again.
    package private(set) var emptyReplies = 0
    private var spentKeys: Set<JobKey> = []
    /// The run that this one repeats.
    package private(set) var origin: RunOrigin?
    /// What starts when the run ends.
    package private(set) var deferrals = Deferrals()
    /// Bytes of the metadata that the run was given.
    package private(set) var metadataBytes = 0
    private var described: Set<StepID> = []
    /// Of a run that is about an HTTP request to an endpoint of its app.
    package private(set) var endpoint: EndpointTerms?
    /// The job whose work the app does in a request of its own; it is due when the app has not been heard of for
    /// too long.
    package private(set) var hosted: JobNumber?

    /// - Parameter row: where the run is stored.
    package init(row: RowID, start: RunStart, createdAt: Timestamp) {
        self.row = row
        self.start = start
        self.createdAt = createdAt
    }

    /// The run that its journal tells of; `nil` when that does not begin with a start.
    package init?(row: RowID, _ loaded: LoadedRun) {
        guard let first = loaded.turns.first, case .started(let start)? = first.entries.first else { return nil }
        self.init(row: row, start: start, createdAt: first.at)
        for turn in loaded.turns { apply(turn) }
    }

    package var id: ULID { start.id }
    /// Who waits for the run.
    package var invokers: [Invoker] { [start.invoker].compactMap(\.self) + moreInvokers }
    package var status: RunStatus { end?.status ?? .running }
    package var isFinished: Bool { end != nil }

    package func job(_ number: JobNumber) -> Job? {
        jobs.first { $0.number == number }
    }

    /// Whether the run has made a job for this cause before.
    package func hasSpent(_ key: JobKey) -> Bool {
        spentKeys.contains(key)
    }

    package func isFinished(_ step: StepID) -> Bool {
        memos.contains(step)
    }

    /// Whether the app has said of the step what a ``StepDescription`` holds.
    package func isDescribed(_ step: StepID) -> Bool {
        described.contains(step)
    }

    /// Whether a step of the current parallel batch is still to be waited for: a job stands for it, or
    /// a discovery will report it. A target that was called in vain leaves its step pending for ever.
    package var awaitsSiblings: Bool {
        !pending.isEmpty && jobs.contains { $0.step.map(pending.contains) ?? true }
    }

    package func listener(_ number: ListenerNumber) -> Listener? {
        listeners.first { $0.number == number }
    }

    /// The listener of a step that waits.
    package func listener(of step: StepID) -> Listener? {
        listeners.first { $0.step == step }
    }

    /// When the run is next cancelled for its age, if nothing happens until then.
    package var expiresAt: Timestamp? {
        [startBy, finishBy].compactMap(\.self).min()
    }

    /// When the run next needs attention: the earliest of its jobs and of its expiry; `nil` once it has
    /// ended.
    package var wakeTime: Timestamp? {
        let job = jobs.min { $0.wakeTime < $1.wakeTime }?.wakeTime
        guard let expiresAt else { return job }
        return job.map { min($0, expiresAt) } ?? expiresAt
    }

    /// Calls that are under way.
    package var calls: Int { jobs.count { $0.isCalling } }

    /// Since when a call waits for its turn; `nil` while none does.
    package func waitsSince(at now: Timestamp) -> Timestamp? {
        var earliest: Timestamp?
        for job in jobs {
            guard case .scheduled(let due) = job.phase, due <= now, job.isCall else { continue }
            earliest = earliest.map { min($0, due) } ?? due
        }
        return earliest
    }

    /// When the run has to be looked at although nothing else happens. A call that waits for its turn counts
    /// only beside one that is under way: alone, ``kept(at:)`` remembers it.
    package func alarm(at now: Timestamp) -> Timestamp? {
        guard calls == 0 else { return wakeTime }
        var next = expiresAt
        for job in jobs where !(job.isCall && job.wakeTime <= now) {
            next = next.map { min($0, job.wakeTime) } ?? job.wakeTime
        }
        return next
    }

    /// What a shard has to know of the run before it begins.
    package func kept(at now: Timestamp) -> KeptRun? {
        guard !isFinished else { return nil }
        let calls = calls
        let waitsSince = calls == 0 ? waitsSince(at: now) : nil
        let holds = flow.map { calls > 0 || $0.singleton != nil || ($0.keys.runs != nil && startedAt != nil) } ?? false
        guard holds || waitsSince != nil else { return nil }
        return KeptRun(
            run: row, function: start.function, createdAt: createdAt, isStarted: startedAt != nil, calls: calls,
            waitsSince: waitsSince, flow: flow, id: flow?.singleton == nil ? nil : id
        )
    }

    /// The arguments that somebody has given a step, as long as it has no result.
    package var edit: (step: StepID, memo: RawJSON)? {
        origin?.edit.flatMap { memos.contains($0.step) ? nil : $0 }
    }

    /// What calls are told of steps, in the order of canonical JSON: results, and ``edit``.
    package var told: [(step: StepID, memo: RawJSON)] {
        guard let edit else { return memos.entries }
        var entries = memos.entries
        entries.insert(edit, at: entries.firstIndex { edit.step < $0.step } ?? entries.count)
        return entries
    }

    /// An estimate of the memory that the folded run holds. One that waits for an event takes 1.7 KB.
    package var residentBytes: Int {
        1_024 + memos.byteCount + stack.count * 200 + jobs.count * 128 + listeners.count * 256
            + deferrals.byteCount
    }

    package mutating func apply(_ entry: JournalEntry, at: Timestamp) {
        switch entry {
        case .started:
            break
        case .scheduled(let job):
            if hosted == job.number { hosted = nil }
            jobs.removeAll { $0.number == job.number }
            jobs.append(job)
            spentKeys.insert(job.key)
            if case .requested = job.key { emptyReplies += 1 }
            nextJob = max(nextJob, job.number + 1)
        case .called(let number, let generation):
            startedAt = startedAt ?? at
            startBy = nil
            if hosted == number { hosted = nil }
            withJob(number) {
                $0.phase = .calling(since: at)
                $0.generation = generation
                $0.hasCheckpoints = false
                $0.gateways = []
            }
        case .answered(let number, let fixedVersion):
            if hosted == number { hosted = nil }
            jobs.removeAll { $0.number == number }
            if let fixedVersion { version = fixedVersion }
        case .attemptFailed(let number, let retryAt, _):
            if hosted == number { hosted = nil }
            withJob(number) {
                $0.attempt += 1
                $0.phase = .scheduled(retryAt)
                $0.gateways = []
            }
        case .stepFinished(let result):
            finish(result)
        case .parallel(let steps, let joint):
            pending = Set(steps)
            self.joint = joint
        case .planMode(let on):
            isPlanning = on
        case .invoked(let wait):
            waits[wait.step] = wait
        case .stepNamed(let step, let label):
            labels[step] = label
        case .finished(let end):
            self.end = end
            endedAt = at
            jobs = []
            waits = [:]
            pending = []
            listeners = []
            hosted = nil
            startBy = nil
            finishBy = nil
        case .listening(let listener):
            listeners.append(listener)
        case .displaced(let number):
            // Its step still waits, so that the deadline finds it, but nothing reaches it any more.
            guard let index = listeners.firstIndex(where: { $0.number == number }) else { return }
            listeners[index].condition = Listener.never
        case .expires(.start, let time):
            startBy = time
        case .expires(.finish, let time):
            finishBy = time
        case .keyed(let flow):
            self.flow = flow
        case .invokedBy(let invoker):
            moreInvokers.append(invoker)
        case .waited:
            break
        case .origin(let origin):
            self.origin = origin
        case .deferred(let deferral):
            deferrals.add(deferral)
            emptyReplies = 0
        case .deferAborted(let key):
            deferrals.abort(key)
        case .annotated(let annotation):
            metadataBytes += annotation.byteCount
        case .stepDescribed(let description):
            described.insert(description.step)
        case .leftOut:
            break
        case .woken(let number):
            withJob(number) { $0.phase = .scheduled(at) }
        case .checkpointed(let number):
            let position = UInt32(stack.count)
            withJob(number) {
                $0.hasCheckpoints = true
                $0.stackPosition = position
            }
        case .gateway(let call):
            if let fixedVersion = call.version { version = fixedVersion }
            for request in call.requests { labels[request.step] = request.label }
            withJob(call.job) { $0.gateways = call.requests.map(OpenGateway.init) }
        case .endpoint(let terms):
            endpoint = terms
            version = terms.version
        case .hosted(let number, let until):
            startedAt = startedAt ?? at
            startBy = nil
            hosted = number
            let position = UInt32(stack.count)
            withJob(number) {
                $0.phase = .scheduled(until)
                $0.stackPosition = position
            }
        }
    }

    package mutating func apply(_ turn: Turn) {
        for entry in turn.entries { apply(entry, at: turn.at) }
    }

    /// Saving is idempotent by step: the first result wins. A finished step needs no call, no
    /// alarm and no wait any more; a call that is already under way keeps its job until it answers.
    private mutating func finish(_ result: StepResult) {
        pending.remove(result.step)
        if pending.isEmpty { joint = nil }
        guard memos.insert(result.memo.json, for: result.step) else { return }
        stack.append(result.step)
        emptyReplies = 0
        labels[result.step] = result.label
        waits[result.step] = nil
        listeners.removeAll { $0.step == result.step }
        jobs.removeAll { $0.step == result.step && !$0.isCalling }
    }

    private mutating func withJob(_ number: JobNumber, _ change: (inout Job) -> Void) {
        guard let index = jobs.firstIndex(where: { $0.number == number }) else { return }
        change(&jobs[index])
    }
}

/// The results of finished steps, ordered as a call's body needs them.
package struct Memos: Hashable, Sendable {
    /// Sorted by the text of the step ids, the order of canonical JSON.
    package private(set) var entries: [(step: StepID, memo: RawJSON)] = []
    /// Bytes of all memos; counts against the limit on a run's state.
    package private(set) var byteCount = 0

    package var count: Int { entries.count }

    package subscript(step: StepID) -> RawJSON? {
        let position = position(of: step)
        return position < entries.count && entries[position].step == step ? entries[position].memo : nil
    }

    package func contains(_ step: StepID) -> Bool {
        self[step] != nil
    }

    /// - Returns: `false` when the step has a result already, which then stays.
    package mutating func insert(_ memo: RawJSON, for step: StepID) -> Bool {
        let position = position(of: step)
        if position < entries.count, entries[position].step == step { return false }
        entries.insert((step, memo), at: position)
        byteCount += memo.bytes.count
        return true
    }

    /// The first position whose step is not before the given one.
    private func position(of step: StepID) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].step < step { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package static func == (left: Memos, right: Memos) -> Bool {
        left.entries.elementsEqual(right.entries) { $0.step == $1.step && $0.memo == $1.memo }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(entries.count)
    }
}
