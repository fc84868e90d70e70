import ApusCore
import ApusEngine

/// An event that was acknowledged starts each function that listens to it exactly once.
final class IntakeRule {
    /// Only what the store can never accept is set aside, with what came in the same request.
    func quarantined(_ events: [SimulatedEvent], in world: SimulatedWorld) {
        guard events.contains(where: { $0.name == SimulatedEvent.poison }) else {
            return world.report(.intake, "the events \(events.map(\.tag)) were set aside without a fault of their own")
        }
    }

    func checkEnd(of world: SimulatedWorld) {
        let ledger = world.rules.ledger
        var eventsByTag: [String: [EventRow]] = [:]
        var tagByEvent: [RowID: String] = [:]
        for event in ledger.events {
            guard let tag = event.body.view["data"]?["tag"]?.string else { continue }
            eventsByTag[tag, default: []].append(event)
            tagByEvent[event.row] = tag
        }
        var started: [String: [UUID16: Int]] = [:]
        for row in ledger.runOrder {
            guard let run = ledger.runs[row]?.row, let tag = tagByEvent[run.event] else { continue }
            started[tag, default: [:]][run.function, default: 0] += 1
        }
        for delivery in world.senders.deliveries {
            check(
                delivery, stored: eventsByTag[delivery.event.tag, default: []].count,
                started: started[delivery.event.tag, default: [:]], in: world
            )
        }
    }

    private func check(
        _ delivery: SimulatedSenders.Delivery,
        stored: Int,
        started: [UUID16: Int],
        in world: SimulatedWorld
    ) {
        let event = delivery.event
        let registry = world.rules.ledger.registry
        let listeners =
            event.invokes.map { registry.function(named: $0).map { [$0.id] } ?? [] }
            ?? world.scenario.functions.filter { $0.isStarted(by: event) }.map(\.id)
        let isFiltered = world.scenario.functions.contains { $0.listens(to: event.name) && !$0.isStarted(by: event) }
        if stored > 0, isFiltered {
            world.coverage.count(.filteredTrigger)
        }
        let least: Int
        let most: Int
        if event.isRepeatable {
            least = min(delivery.successes, 1)
            most = min(delivery.tries, 1)
        } else {
            least = stored
            most = stored
            if stored < delivery.successes || stored > delivery.tries {
                world.report(
                    .intake,
                    "event \(event.tag) was sent \(delivery.tries) times and acknowledged \(delivery.successes) times, "
                        + "but is stored \(stored) times"
                )
            }
        }
        for function in listeners {
            let runs = started[function, default: 0]
            guard runs < least || runs > most else { continue }
            let slug = registry.functions[function]?.configuration.slug ?? "?"
            world.report(
                .intake,
                "event \(event.tag) was sent \(delivery.tries) times and acknowledged \(delivery.successes) times, "
                    + "but \(slug) ran \(runs) times"
            )
        }
        if started.count > listeners.count {
            world.report(.intake, "event \(event.tag) started functions that do not listen to it")
        }
    }
}
