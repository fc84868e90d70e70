import ApusCEL
import ApusCore
import HeapModule

/// Runs coming into the queue from the store, and leaving it.
extension ShardCore {
    /// Runs that waited or took up room when the shard was last left do so again.
    func restoreFlow(from state: ShardState) {
        for arrival in state.arrivals where arrival.time > now.nanoseconds { queue.arrivals.restore(arrival) }
        for call in openCalls.values { queue.hold(call.slots) }
        let inherited = Dictionary(openCalls.keys.map { ($0.run, 1) }, uniquingKeysWith: +)
        for run in state.kept {
            if let key = run.flow?.singleton { singletons[key.key] = SingletonHolder(run: run.run, id: run.id) }
            if run.isStarted, let key = run.flow?.keys.runs { queue.hold([key.key]) }
            let keys = run.flow?.keys.calls.map(\.key) ?? []
            for _ in 0..<max(run.calls - (inherited[run.run] ?? 0), 0) {
                queue.hold(CallSlots(function: run.function, keys: keys))
            }
            guard let since = run.waitsSince else { continue }
            let isKnown = queue.add(
                run.run, of: run.function, run.isStarted ? .started : .starts, flow: run.flow,
                createdAt: run.createdAt, since: since
            )
            // Read, it finds out itself what is wrong.
            if !isKnown { wakes.insert(Wake(at: now, run: run.run)) }
        }
    }

    /// A run whose function limits nothing is not kept for its calls: that they are under way is found out when
    /// the run is read.
    func holdOrphans(of resident: Resident) {
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
