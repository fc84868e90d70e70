import ApusCEL
import ApusCore

/// What people do to get a run going: repeat it, or have it wait no longer.
extension ShardCore {
    // MARK: - Repeating runs

    /// Starts a run that repeats another one, which stays as it is. The rules for runs hold for it; those for
    /// events have had their say when the event came.
    func rerun(_ order: RerunOrder) {
        decision.answer = .rerun(start(order))
    }

    private func start(_ order: RerunOrder) -> RerunAnswer {
        guard let function = registry.functions[order.function], !function.isArchived else { return .unknownFunction }
        let rules = queue.rules(of: function.id)
        if let rules, rules.isShared {
            let home = home(of: function, rules)
            guard home == shard else { return .elsewhere(home) }
        }
        let id = order.id.map { Self.homed($0, on: shard, shardCount: shardCount) } ?? newRunID()
        var run = PendingRun(id: id, events: order.events, invokers: [], startsAt: now)
        run.repeated = .init(origin: order.origin, results: order.results, endpoint: order.endpoint)
        let values = rules == nil ? nil : order.events.first.map { EventValues(stored: $0.body) }
        switch tryToBegin(run, of: function, rules, values: values) {
        case .held(_, let holder): return .held(by: holder)
        case .paused: return .paused
        case .begun:
            // A bulk order is told of as a whole.
            if order.origin.replay == nil {
                let detail = "from the \(order.origin.start.name), as run \(id)"
                audit(.rerun, order.origin.run, by: order.actor, detail)
            }
            return .started(id)
        }
    }

    /// The results of the run that this one repeats count here too.
    func takeOver(_ results: [StepResult], from origin: RunOrigin, _ resident: Resident) {
        var origin = origin
        origin.input = origin.input.map { payload($0.json) }
        record(.origin(origin), resident)
        for result in results {
            var copy = result
            copy.memo = payload(result.memo.json)
            record(.stepFinished(copy), resident)
        }
    }

    // MARK: - Waking runs

    /// Ends what a run waits for by the clock: sleeps, the time until a retry, a start that lies ahead.
    func wake(_ row: RowID, by actor: String) {
        guard let resident = residents[row] else {
            load(row, for: .wake(by: actor))
            decision.postponedUntilLoaded = row
            return
        }
        decision.answer = .woken(wake(resident, by: actor))
    }

    /// - Returns: how many jobs are due now that were not.
    func wake(_ resident: Resident, by actor: String) -> Int {
        let waiting = resident.run.jobs.filter { job in
            // The deadline of a wait is no time that the run waits for.
            if case .deadline = job.kind { return false }
            guard case .scheduled(let due) = job.phase else { return false }
            return due > now
        }
        for job in waiting { record(.woken(job: job.number), resident) }
        guard !waiting.isEmpty else { return 0 }
        audit(.woken, resident.run.id, by: actor, "")
        fireDueJobs(of: resident)
        return waiting.count
    }

    private func audit(_ action: AuditEntry.Action, _ run: ULID, by actor: String, _ detail: String) {
        decision.writes.append(
            .audit(AuditEntry(at: now, actor: actor, action: action, subject: run.description, detail: detail))
        )
    }
}
