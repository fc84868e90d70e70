import ApusCore
import ApusEngine

/// Whoever has to hear how a run ended hears it exactly once: the run that invoked it, its failure
/// handler, and everyone who listens.
final class OutcomesRule {
    func checkEnd(of world: SimulatedWorld) {
        let ledger = world.rules.ledger
        var children: [Invocation: [LedgerRun]] = [:]
        var announced: [String: [ULID: Int]] = [:]
        var handled: [ULID: [UUID16: Int]] = [:]
        var eventsByRow: [RowID: EventRow] = [:]
        var rowsByEvent: [ULID: RowID] = [:]
        for event in ledger.events {
            eventsByRow[event.row] = event
            rowsByEvent[event.id] = event.row
            guard Self.lifecycle.contains(event.name),
                let run = event.body.view["data"]?["run_id"]?.string.flatMap({ ULID($0) })
            else { continue }
            announced[event.name, default: [:]][run, default: 0] += 1
        }
        for row in ledger.runOrder {
            guard let run = ledger.runs[row], let fold = run.fold else { continue }
            if fold.invokers.count > 1 { world.coverage.count(.invocationMerged) }
            for invoker in fold.invokers {
                children[Invocation(run: invoker.run, step: invoker.step), default: []].append(run)
            }
            if let event = eventsByRow[run.row.event], event.name == LifecycleEvent.failedName,
                let failed = event.body.view["data"]?["run_id"]?.string.flatMap({ ULID($0) })
            {
                handled[failed, default: [:]][run.row.function, default: 0] += 1
            }
        }
        for row in ledger.runOrder {
            guard let run = ledger.runs[row], let fold = run.fold else { continue }
            checkInvocations(of: run, fold, children, rowsByEvent, in: world)
            checkLifecycle(
                of: fold, endedLanding: run.endedLanding, trigger: eventsByRow[run.row.event]?.name ?? "", announced,
                in: world)
            checkHandler(of: fold, handled[fold.id] ?? [:], in: world)
        }
    }

    private struct Invocation: Hashable {
        var run: RowID
        var step: StepID
    }

    private func checkInvocations(
        of run: LedgerRun,
        _ fold: Run,
        _ children: [Invocation: [LedgerRun]],
        _ rowsByEvent: [ULID: RowID],
        in world: SimulatedWorld
    ) {
        for (step, wait) in run.invocations.sorted(by: { $0.key < $1.key }) {
            let started = children[Invocation(run: run.row.row, step: step), default: []]
            if started.isEmpty, isDropped(wait, rowsByEvent, in: world) {
                world.coverage.count(.invocationDropped)
                if let result = run.results[step], result.value.outcome == .completed {
                    world.report(.outcomes, "run \(fold.id): step \(step) was not started and got \(result.value)")
                }
                continue
            }
            guard started.count == 1, let child = started.first else {
                world.report(.outcomes, "run \(fold.id): step \(step) invoked \(started.count) runs")
                return
            }
            guard let result = run.results[step] else { continue }
            check(result.value, of: child, for: fold, in: world)
        }
    }

    /// Whether a rule of flow control has kept the invocation's event from starting a run.
    private func isDropped(_ wait: InvokeWait, _ rowsByEvent: [ULID: RowID], in world: SimulatedWorld) -> Bool {
        guard let row = rowsByEvent[wait.event],
            let function = world.rules.ledger.registry.function(named: wait.functionSlug)
        else { return false }
        let fate = FlowLedger.Fate(event: row, function: function.id)
        return world.rules.flow.outcomes[fate] != nil && world.rules.flow.runsByEvent[fate] == nil
    }

    /// A result that did not time out is the child's own.
    private func check(_ result: StepResult, of child: LedgerRun, for parent: Run, in world: SimulatedWorld) {
        guard let end = child.fold?.end else { return }
        let memo = result.memo.json.view
        let isRight =
            switch result.outcome {
            case .timedOut: true
            case .completed: end.status == .completed && memo["data"]?.raw == (end.output?.json ?? .null)
            case .failed: (end.status == .failed || end.status == .cancelled || isPoison(end)) && memo["error"] != nil
            }
        if !isRight {
            world.report(
                .outcomes,
                "run \(parent.id): step \(result.label.name) got \(result.memo.json), but its run ended \(end)"
            )
        }
    }

    /// A result that no store keeps reaches its parent as an error.
    private func isPoison(_ end: RunEnd) -> Bool {
        end.output?.json.view.stringEquals("poison") ?? false
    }

    private func checkLifecycle(
        of fold: Run,
        endedLanding: Int,
        trigger: String,
        _ announced: [String: [ULID: Int]],
        in world: SimulatedWorld
    ) {
        let isSilent = trigger == LifecycleEvent.failedName || trigger == LifecycleEvent.finishedName
        for name in Self.lifecycle {
            let count = announced[name]?[fold.id] ?? 0
            let status: RunStatus? =
                switch name {
                case LifecycleEvent.failedName: .failed
                case LifecycleEvent.cancelledName: .cancelled
                default: nil
                }
            let isDue = !isSilent && fold.isFinished && (status == nil || status == fold.status)
            let least = isDue && isHeard(name, at: endedLanding, in: world) ? 1 : 0
            let most = isDue && (least == 1 || isEverHeard(name, in: world)) ? 1 : 0
            if count < least || count > most {
                world.report(.outcomes, "run \(fold.id) \(fold.status) was announced \(count) times by \(name)")
            }
        }
    }

    private static let lifecycle = [
        LifecycleEvent.failedName, LifecycleEvent.finishedName, LifecycleEvent.cancelledName,
    ]

    /// Whether anybody listened to an event of the server when a batch became durable.
    private func isHeard(_ name: String, at landing: Int, in world: SimulatedWorld) -> Bool {
        // With several shards a wait that no trigger tells of may be anywhere.
        world.scenario.shardCount > 1 || world.scenario.functions.contains { $0.listens(to: name) }
            || world.rules.looks.listens.values.contains { listen in
                listen.row.topic.name == name && listen.landing < landing && landing < listen.removed ?? .max
            }
    }

    /// A shard need not forget at once that nobody listens any more.
    private func isEverHeard(_ name: String, in world: SimulatedWorld) -> Bool {
        world.rules.looks.listens.values.contains { $0.row.topic.name == name }
    }

    private func checkHandler(of fold: Run, _ handlers: [UUID16: Int], in world: SimulatedWorld) {
        for handler in world.scenario.functions where handler.slug == "\(fold.start.functionSlug)-failure" {
            let count = handlers[handler.id] ?? 0
            if count != (fold.status == .failed ? 1 : 0) {
                world.report(.outcomes, "the failure handler of run \(fold.id) ran \(count) times")
            }
        }
    }
}
