import ApusCEL
import ApusCore
import HeapModule

/// Runs coming into the queue from the store, and leaving it.
extension ShardCore {
    /// Runs that waited or took up room when the shard was last left do so again.
    func restoreFlow(from state: ShardState) {
        for arrival in state.arrivals where arrival.time > now.nanoseconds { queue.arrivals.restore(arrival) }
        for call in openCalls.values { queue.hold(call.slots) }
        for run in state.kept {
            if let key = run.flow?.singleton { singletons[key.key] = SingletonHolder(run: run.run, id: run.id) }
            if run.isStarted, let key = run.flow?.keys.runs { queue.hold([key.key]) }
            let keys = run.flow?.keys.calls.map(\.key) ?? []
            for _ in 0..<run.calls { queue.hold(CallSlots(function: run.function, keys: keys)) }
            // Which of these calls are the open ones is found out when the run is read.
            if run.calls > 0, inheritedCalls[run.run] != nil { wakes.insert(Wake(at: now, run: run.run)) }
            guard let since = run.waitsSince else { continue }
            let isKnown = queue.add(
                run.run, of: run.function, run.isStarted ? .started : .starts, flow: run.flow,
                createdAt: run.createdAt, since: since
            )
            // Read, it finds out itself what is wrong.
            if !isKnown { wakes.insert(Wake(at: now, run: run.run)) }
        }
    }

    /// A run that has calls under way has been read: each of its jobs that is being called takes up room once.
    func holdCalls(of resident: Resident) {
        for call in inheritedCalls.removeValue(forKey: resident.row) ?? [] {
            guard let open = openCalls[call], let job = resident.run.job(call.job), job.isCalling else { continue }
            if job.generation != call.generation {
                openCalls[call]?.holdsSlots = false
                queue.release(open.slots, now: now)
            } else if resident.run.flow != nil {
                // The run was kept for this call, too.
                queue.release(open.slots, now: now)
            }
        }
        // A run whose function limits nothing is not kept for its calls.
        guard resident.run.flow == nil else { return }
        for job in resident.run.jobs where isOrphaned(job, of: resident) {
            queue.hold(CallSlots(of: resident.run))
        }
    }

    /// The run ends: it waits for nothing and gives back what it took up, except for calls that are under way.
    func leaveFlow(_ resident: Resident) {
        queue.remove(resident.row, now: now)
        for job in resident.run.jobs where isOrphaned(job, of: resident) {
            queue.release(CallSlots(of: resident.run), now: now)
        }
        guard let flow = resident.run.flow else { return }
        if resident.run.startedAt != nil, let key = flow.keys.runs { queue.release([key.key], now: now) }
        if let key = flow.singleton, singletons[key.key]?.run == resident.row { singletons[key.key] = nil }
    }

    /// The throttle, or the limit on living runs, has another key than when the run was scheduled, or is new.
    func findKeys(of resident: Resident) {
        guard let rules = queue.rules(of: resident.run.start.function) else { return }
        var flow = resident.run.flow ?? .plain
        let scope = Scope(event: EventValues(stored: resident.triggerBody))
        flow.keys.throttle = rules.throttleKey(of: scope, now: now)
        flow.keys.runs = rules.runKey(of: scope, now: now)
        record(.keyed(flow), resident)
    }
}
