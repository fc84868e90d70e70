import ApusCore
import HeapModule

/// Time passing, and runs coming into memory because of it.
extension ShardCore {
    func passTime() {
        fireSchedules()
        fireBackfills()
        fireEventSchedules()
        queue.passTime(now: now)
        if queue.arrivals.forget(now: now, atMost: configuration.limits.rateKeys) {
            decision.writes.append(.forgetArrivals(before: now.nanoseconds))
        }
        firePendings()
        fireDueWakes()
        for app in gates.keys.sorted(by: { $0.description < $1.description }) {
            guard gates[app]?.breaker.beginProbe(now: now) == true, let record = registry.apps[app] else { continue }
            decision.effects.append(.probe(app: app, url: record.url))
        }
        resendMessages()
    }

    func receiveWakes(_ page: WakePage) {
        wakeReader.receive(page)
        for wake in page.wakes where residents[wake.run] == nil { wakes.insert(wake) }
        fireDueWakes()
    }

    func probeEnded(app: UUID16, reachable: Bool) {
        gates[app, default: AppGate()].breaker.probeEnded(reachable: reachable, now: now)
        stir(app)
    }

    private func readWakes() {
        let horizon = wakeReader.horizon
        guard let read = wakeReader.begin(at: now, earliest: wakes.min?.at) else { return }
        if wakeReader.horizon != horizon {
            for resident in residents.values { arm(resident) }
        }
        decision.effects.append(.readWakes(after: read.after, upTo: read.upTo, limit: read.limit))
    }

    /// Handles what has fallen due, a bounded number at a time; the rest is still due at the next tick.
    private func fireDueWakes() {
        var budget = 1_000
        while budget > 0, loads.count < configuration.limits.concurrentLoads,
            let wake = wakes.min, wake.at <= now
        {
            _ = wakes.popMin()
            budget -= 1
            if let resident = residents[wake.run] {
                if resident.armed == wake.at { resident.armed = nil }
                fireDueJobs(of: resident)
            } else {
                load(wake.run)
            }
        }
        readWakes()
    }

    func load(_ row: RowID) {
        guard loads.insert(row).inserted else { return }
        decision.effects.append(.load(row))
    }

    /// Has a run read for something that cannot be decided without it.
    func load(_ row: RowID, for waiting: Postponed) {
        postponed[row, default: []].append(waiting)
        if loads.count < configuration.limits.concurrentLoads {
            load(row)
        } else if !loads.contains(row) {
            wakes.insert(Wake(at: now, run: row))
        }
    }

    func receiveRun(_ row: RowID, _ loaded: LoadedRun?) {
        loads.remove(row)
        var ended = EndedRun(row, loaded)
        if residents[row] == nil, let loaded, !loaded.projection.status.isFinal, let run = Run(row: row, loaded) {
            let resident = Resident(run: run, events: loaded.events, head: loaded.projection.head)
            resident.storedAlarm = loaded.projection.wakeAt
            residents[row] = resident
            if let key = run.flow?.singleton, singletons[key.key]?.run == row { singletons[key.key]?.id = run.id }
            holdCalls(of: resident)
            touch(resident)
            if let cause = displaced[row] { cancel(resident, because: cause) }
        }
        // What came before the time of a job was noticed comes first.
        for waiting in postponed.removeValue(forKey: row) ?? [] {
            switch waiting {
            case .message(let sender, let number, let message):
                receive(message, number: number, from: sender, runWasRead: true)
                decision.postponedAnswers.append(.none)
            case .reply(let call, let reply):
                receive(reply, for: call, runWasRead: true)
                decision.postponedAnswers.append(.none)
            case .match(let number, let event): receiveMatch(number, event: event, run: row)
            case .events(let events, let listener):
                if let resident = residents[row] { receiveEvents(events, for: listener, of: resident) }
            case .holders(let page, let number):
                if let resident = residents[row] { receiveHolders(page, number, resident) }
            case .turn(let admission, let app):
                gates[app]?.callsBeingRead -= 1
                if let resident = residents[row] {
                    fireDueJobs(of: resident)
                    takeTurn(resident, admission, app: app)
                } else {
                    giveBack(admission)
                }
                stir(app)
            case .cancel(let departure):
                if let resident = residents[row] { end(resident, departure) }
                decision.postponedAnswers.append(.none)
            case .wake(let actor):
                let count = residents[row].map { wake($0, by: actor) } ?? 0
                decision.postponedAnswers.append(.woken(count))
            case .checkpoint(let checkpoint):
                let answer = residents[row].map { take(checkpoint, for: $0) }
                decision.postponedAnswers.append(.checkpoint(answer ?? (loaded == nil ? .unknownRun : .stale)))
            case .annotate(let run, let annotations):
                let answer: AnnotationAnswer =
                    if let resident = residents[row] {
                        annotate(resident, run, annotations)
                    } else {
                        annotate(&ended, run, annotations)
                    }
                decision.postponedAnswers.append(.annotated(answer))
            case .gateway(let report):
                receive(report, runWasRead: true)
                decision.postponedAnswers.append(.none)
            case .report(let report):
                let answer = residents[row].map { take(report, for: $0) }
                decision.postponedAnswers.append(.endpoint(answer ?? report.answer(ofEndedRun: loaded)))
            case .signal(let number, let name, let payload):
                let isTaken = residents[row].map { signal(number, of: $0, name: name, payload: payload) } ?? false
                decision.postponedAnswers.append(.signalled(isTaken))
            }
        }
        if let resident = residents[row], !resident.run.isFinished { fireDueJobs(of: resident) }
        fireDueWakes()
    }

    /// Sends calls that are due to their app's queue, ends sleeps, gives up waits.
    func fireDueJobs(of resident: Resident) {
        touch(resident)
        if expire(resident) { return }
        for job in resident.run.jobs where !resident.queued.contains(job.number) {
            // An earlier job of this loop may have ended this one.
            guard resident.run.job(job.number) == job else { continue }
            switch job.phase {
            case .calling:
                if isOrphaned(job, of: resident) { enqueue(job, of: resident) }
            case .scheduled(let due):
                guard due <= now else { continue }
                switch job.kind {
                case .discovery, .target: enqueue(job, of: resident)
                case .sleep(let step): wake(resident, from: step, job: job)
                case .deadline(let step): giveUpWait(of: resident, for: step)
                }
            }
        }
    }

    /// A call that an earlier process made: its reply can never arrive, so it is repeated as the
    /// same attempt under the next generation.
    func isOrphaned(_ job: Job, of resident: Resident) -> Bool {
        let call = CallID(run: resident.row, job: job.number, generation: job.generation)
        return job.isCalling && openCalls[call] == nil && call != answering
    }
}
