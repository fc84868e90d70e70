import ApusCore
import ApusEngine
import ApusStore

/// A run is cancelled for a reason, and by every reason that there is.
final class CancellationsRule {
    /// A run ends once and is then left alone.
    func check(_ batch: Batch, in world: SimulatedWorld) {
        for case .turn(_, let run, _, let turn) in batch.writes {
            let end = turn.entries.firstIndex { if case .finished = $0 { true } else { false } }
            let goesOn = end.map { $0 < turn.entries.count - 1 } ?? false
            guard goesOn || world.rules.ledger.runs[run]?.fold?.isFinished == true else { continue }
            world.report(.cancellations, "\(world.rules.name(of: run)) has ended and gets a turn of \(turn.entries)")
        }
    }

    func checkEnd(of world: SimulatedWorld) {
        for row in world.rules.ledger.runOrder {
            guard let run = world.rules.ledger.runs[row], let fold = run.fold,
                let function = world.apps.function(run.row.function)
            else { continue }
            let cancelling = eventsThatCancel(run, fold, function, in: world)
            if let missed = cancelling.first(where: { $0.heard < run.endedLanding }) {
                world.report(
                    .cancellations,
                    "\(world.rules.name(of: row)) ended \(fold.status) with batch \(run.endedLanding), but event "
                        + "\(missed.event.row.id), looked for until batch \(missed.heard), cancels it"
                )
            }
            if fold.status == .cancelled {
                checkCause(of: run, fold, function, hasEvent: !cancelling.isEmpty, in: world)
            }
        }
    }

    private struct Reason {
        var event: LookLedger.StoredEvent
        /// The batch by which the run must have heard of it.
        var heard: Int
    }

    private func eventsThatCancel(
        _ run: LedgerRun, _ fold: Run, _ function: SimulatedFunction, in world: SimulatedWorld
    ) -> [Reason] {
        let looks = world.rules.looks
        let own = looks.event(run.row.event)?.fields ?? EventFields()
        var reasons: [Reason] = []
        for (index, cancellation) in function.cancellations.enumerated() {
            let place = LookLedger.Place(run: run.row.row, number: .max - ListenerNumber(index))
            for event in looks.events(named: cancellation.event) {
                guard event.landing <= run.endedLanding, !fold.start.events.contains(event.row.row),
                    fold.createdAt <= event.row.receivedAt,
                    event.row.receivedAt <= fold.createdAt + .milliseconds(cancellation.period),
                    cancellation.condition?.holds(own: own, other: event.fields) ?? true
                else { continue }
                let heard =
                    looks.listens[place] == nil
                    ? event.landing : looks.heard(of: event, by: place, looksBack: world.scenario.shardCount > 1)
                reasons.append(Reason(event: event, heard: heard ?? .max))
            }
        }
        return reasons
    }

    private func checkCause(
        of run: LedgerRun, _ fold: Run, _ function: SimulatedFunction, hasEvent: Bool, in world: SimulatedWorld
    ) {
        let cause = fold.end?.cause ?? ""
        let isRight: Bool
        if cause.hasPrefix("cancelled by the event") {
            world.coverage.count(.runCancelledByEvent)
            isRight = hasEvent
        } else if cause == "cancelled on request" {
            world.coverage.count(.runCancelledOnRequest)
            isRight = world.onlookers.cancelRequests.contains(run.row.row)
        } else if cause.hasPrefix("not started") {
            world.coverage.count(.startTimeout)
            isRight = world.rules.timeouts.isOver(fold, .start, function)
        } else if cause.hasSuffix("of the same singleton has begun") {
            world.coverage.count(.singletonCancelled)
            isRight = world.rules.singletons.isDisplaced(run.row.row)
        } else if cause == "cancelled because the next tick of its schedule has come" {
            isRight = world.rules.schedules.replaced.contains(run.row.row)
        } else {
            world.coverage.count(.finishTimeout)
            isRight = cause.hasPrefix("not ended") && world.rules.timeouts.isOver(fold, .finish, function)
        }
        if !isRight {
            world.report(.cancellations, "\(world.rules.name(of: run.row.row)) is \(cause) without that reason")
        }
    }
}
