import ApusCore
import ApusEngine

/// A wait ends with an event that it was waiting for, or with nothing when its time is up and no such
/// event has come.
final class WaitsRule {
    func checkEnd(of world: SimulatedWorld) {
        for row in world.rules.ledger.runOrder {
            guard let run = world.rules.ledger.runs[row], let fold = run.fold else { continue }
            for begun in run.waits {
                guard case .event(let step, _) = begun.listener.purpose else { continue }
                guard let plan = world.apps.wait(of: run.row.function, step) else {
                    return world.report(.waits, "\(world.rules.name(of: row)) waits in step \(step), which does not")
                }
                check(Wait(run: run, fold: fold, step: step, plan: plan, begun: begun), in: world)
            }
        }
    }

    /// A wait with everything that is known of it.
    private struct Wait {
        var run: LedgerRun
        var fold: Run
        var step: StepID
        var plan: WaitPlan
        var begun: LedgerRun.Wait

        var listener: Listener { begun.listener }
        var place: LookLedger.Place { LookLedger.Place(run: run.row.row, number: listener.number) }
    }

    private func check(_ wait: Wait, in world: SimulatedWorld) {
        let since = wait.begun.at.milliseconds - (wait.plan.lookBack ?? 0)
        if wait.listener.name != wait.plan.event || wait.listener.since.milliseconds != since {
            report(wait, "listens to \(wait.listener) instead of \(wait.plan)", in: world)
        }
        if case .milliseconds(let timeout) = wait.plan.timeout {
            let until = wait.begun.at + .milliseconds(timeout)
            if wait.listener.until != until {
                report(wait, "waits until \(wait.listener.until) instead of \(until)", in: world)
            }
        }
        // Its run ended before it did.
        guard let result = wait.run.results[wait.step] else { return }
        switch result.value.outcome {
        case .completed: checkEvent(result, of: wait, in: world)
        case .timedOut: checkTimeout(result, of: wait, in: world)
        case .failed: report(wait, "failed", in: world)
        }
    }

    /// Several events may have the same body; one of them must do.
    private func checkEvent(_ result: LedgerRun.Result, of wait: Wait, in world: SimulatedWorld) {
        let looks = world.rules.looks
        let found = looks.events(named: wait.plan.event).first { event in
            event.row.body == result.value.memo.json && event.landing <= result.landing
                && isMatch(event, for: wait, in: world)
        }
        guard let found else {
            return report(wait, "got \(result.value.memo.json), for which it was not waiting", in: world)
        }
        world.coverage.count(.waitMatched)
        if let listen = looks.listens[wait.place], found.position < listen.position {
            world.coverage.count(.waitLookedBack)
        }
    }

    private func checkTimeout(_ result: LedgerRun.Result, of wait: Wait, in world: SimulatedWorld) {
        world.coverage.count(.waitTimedOut)
        if result.value.memo.json != .null || result.at < wait.listener.until {
            report(wait, "was given up at \(result.at) with \(result.value.memo.json)", in: world)
        }
        // Shards have clocks of their own, so with several a wait sees what others stored just before it.
        let looksBack = wait.plan.lookBack != nil || world.scenario.shardCount > 1
        for event in world.rules.looks.events(named: wait.plan.event) where isMatch(event, for: wait, in: world) {
            guard let heard = world.rules.looks.heard(of: event, by: wait.place, looksBack: looksBack),
                heard < result.landing || isInTime(event, for: wait, in: world)
            else { continue }
            report(
                wait,
                "was given up with batch \(result.landing), but event \(event.row.id), stored with batch "
                    + "\(event.landing) and looked for until batch \(heard), is what it was waiting for", in: world
            )
        }
    }

    /// An event that is still being looked for when the time is up may come too late, but not when the
    /// server has had plenty of time and nothing was in its way.
    private func isInTime(_ event: LookLedger.StoredEvent, for wait: Wait, in world: SimulatedWorld) -> Bool {
        event.at > world.begunAt + world.scenario.faults.end + Self.recovery
            && event.row.receivedAt + .milliseconds(Self.plenty) < wait.listener.until
            && event.row.receivedAt.milliseconds - wait.begun.at.milliseconds > Self.plenty
    }

    /// Milliseconds until a healed world has done what was left undone.
    private static let recovery: Int64 = 120_000
    private static let plenty: Int64 = 10_000

    /// Whether the wait may end with the event.
    private func isMatch(_ event: LookLedger.StoredEvent, for wait: Wait, in world: SimulatedWorld) -> Bool {
        guard wait.listener.since <= event.row.receivedAt, event.row.receivedAt <= wait.listener.until,
            !wait.fold.start.events.contains(event.row.row)
        else { return false }
        guard let condition = wait.plan.condition else { return true }
        let own = world.rules.looks.event(wait.run.row.event)?.fields ?? EventFields()
        return condition.holds(own: own, other: event.fields)
    }

    private func report(_ wait: Wait, _ text: String, in world: SimulatedWorld) {
        let name = world.rules.name(of: wait.run.row.row)
        world.report(.waits, "\(name): the wait \(wait.plan.id) for \(wait.plan.event) \(text)")
    }
}
