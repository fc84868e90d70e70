import ApusCore
import ApusEngine
import ApusStore

/// What a shard reads from the store while it runs.
extension Shard {
    func load(_ row: RowID) {
        read({ host, done in host.readRun(row, done) }) { [.loaded(row, $0)] }
    }

    func readWakes(after: Wake?, upTo: Timestamp, limit: Int) {
        read({ host, done in host.readWakes(after: after, upTo: upTo, limit: limit, done) }) { [.wakes($0)] }
    }

    /// Asks the store about listeners; one read at a time, for all who wait.
    func readListeners() {
        guard !isReadingListeners, !awaitingListeners.isEmpty else { return }
        isReadingListeners = true
        let questions = awaitingListeners
        awaitingListeners = []
        let incarnation = incarnation
        read({ host, done in host.readListeners(questions, done) }) { [self] (pages: [ListenerPage]) in
            if incarnation == self.incarnation { isReadingListeners = false }
            return pages.map { .listeners($0) }
        }
    }

    func readEvents(named name: String, since: Timestamp, for listener: ListenerRow) {
        let limit = configuration.limits.lookBackEvents
        read({ host, done in host.readEvents(named: name, since: since, limit: limit, done) }) { events in
            let oldestFirst = events.sorted { ($0.receivedAt, $0.row) < ($1.receivedAt, $1.row) }
            return [.eventsFound(oldestFirst.map(EventRow.init), for: listener)]
        }
    }

    /// Reads the events of a debounce or batch.
    func readEvents(_ rows: [RowID], for run: ULID) {
        read({ host, done in host.readEvents(rows, done) }) { [.eventsRead(for: run, $0.map(EventRow.init))] }
    }

    /// Reads the events of schedules.
    func readTemplates(_ schedules: [UUID16], read number: UInt64, bytes: Int) {
        read({ host, done in host.readTemplates(schedules, atMost: bytes, done) }) { page in
            [.templatesRead(page, of: schedules, read: number)]
        }
    }

    private static let firstRetryOfRead = TimeSpan.milliseconds(500)
    /// What is damaged stays so until somebody mends it.
    private static let longestRetryOfRead = TimeSpan.seconds(60)

    /// Reads from the store, as often as it takes, and comes back with inputs.
    private func read<Value>(
        _ fetch: @escaping (any ShardHost, @escaping (Result<Value, StoreError>) -> Void) -> Void,
        retryAfter delay: TimeSpan = Shard.firstRetryOfRead,
        _ inputs: @escaping (Value) -> [Input]
    ) {
        let incarnation = incarnation
        fetch(host) { [self] result in
            guard incarnation == self.incarnation else { return }
            switch result {
            case .success(let value): submit(inputs(value).map { Submission($0) })
            case .failure:
                let next = min(TimeSpan.milliseconds(delay.milliseconds * 2), Self.longestRetryOfRead)
                host.after(delay) { [self] in
                    if incarnation == self.incarnation { read(fetch, retryAfter: next, inputs) }
                }
            }
        }
    }

    /// Asks the store about event ids that memory does not know; one question at a time, for all
    /// who wait.
    func lookUp() {
        guard !isLookingUp, let core, !awaitingLookUp.isEmpty else { return }
        isLookingUp = true
        let incarnation = incarnation
        let waiting = awaitingLookUp
        awaitingLookUp = []
        let keys = waiting.flatMap { core.keysToLookUp(for: $0.input) ?? [] }
        let memory = core.memoryOfRecentEvents
        let since = Timestamp(milliseconds: core.time.milliseconds - configuration.idempotencyPeriod.milliseconds)
        host.functionsStarted(by: keys, since: since) { [self] result in
            guard incarnation == self.incarnation else {
                for submission in waiting { submission.completion?(.failure(.unavailable("the server restarted"))) }
                return
            }
            isLookingUp = false
            switch result {
            case .success(let functions):
                let prior = PriorRuns(functions: functions, memory: memory)
                for submission in waiting {
                    place(Submission(submission.input.with(prior), submission.completion), core)
                }
            case .failure(let error):
                for submission in waiting { submission.completion?(.failure(.unavailable(error.description))) }
            }
            lookUp()
            settle()
        }
    }
}

extension EventRow {
    /// An event that was read; under which key it may arrive again is not asked.
    fileprivate init(_ event: StoredEvent) {
        self.init(
            row: event.row, id: event.id, key: nil, name: event.name, receivedAt: event.receivedAt, body: event.body
        )
    }
}
