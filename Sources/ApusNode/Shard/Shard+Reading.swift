import ApusCore
import ApusEngine
import ApusStore

/// What a shard reads from the store while it runs.
extension Shard {
    func load(_ row: RowID) {
        read({ host, done in host.readRun(row, done) }, { .loaded(row, $0) })
    }

    func readWakes(after: Wake?, upTo: Timestamp, limit: Int) {
        read({ host, done in host.readWakes(after: after, upTo: upTo, limit: limit, done) }, { .wakes($0) })
    }

    private static let firstRetryOfRead = TimeSpan.milliseconds(500)
    /// What is damaged stays so until somebody mends it.
    private static let longestRetryOfRead = TimeSpan.seconds(60)

    /// Reads from the store, as often as it takes, and comes back with an input.
    private func read<Value>(
        _ fetch: @escaping (any ShardHost, @escaping (Result<Value, StoreError>) -> Void) -> Void,
        _ input: @escaping (Value) -> Input,
        retryAfter delay: TimeSpan = Shard.firstRetryOfRead
    ) {
        let incarnation = incarnation
        fetch(host) { [self] result in
            guard incarnation == self.incarnation else { return }
            switch result {
            case .success(let value): submit([Submission(input(value))])
            case .failure:
                let next = min(TimeSpan.milliseconds(delay.milliseconds * 2), Self.longestRetryOfRead)
                host.after(delay) { [self] in
                    if incarnation == self.incarnation { read(fetch, input, retryAfter: next) }
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
