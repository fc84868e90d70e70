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
        for event in ledger.events {
            guard let tag = event.body.view["data"]?["tag"]?.string else { continue }
            eventsByTag[tag, default: []].append(event)
        }
        var functions: [RowID: Set<UUID16>] = [:]
        for fate in world.rules.flow.fates { functions[fate.event, default: []].insert(fate.function) }
        for delivery in world.senders.deliveries {
            let stored = eventsByTag[delivery.event.tag, default: []].map(\.row)
            check(delivery, stored, functions, in: world)
        }
        for fate in world.rules.flow.fates { check(fate, in: world) }
    }

    private func check(
        _ delivery: SimulatedSenders.Delivery,
        _ stored: [RowID],
        _ functions: [RowID: Set<UUID16>],
        in world: SimulatedWorld
    ) {
        let event = delivery.event
        let registry = world.rules.ledger.registry
        let listeners =
            event.invokes.map { registry.function(named: $0).map { [$0.id] } ?? [] }
            ?? world.scenario.functions.filter { $0.isStarted(by: event) }.map(\.id)
        let isFiltered = world.scenario.functions.contains { $0.listens(to: event.name) && !$0.isStarted(by: event) }
        if !stored.isEmpty, isFiltered {
            world.coverage.count(.filteredTrigger)
        }
        if !event.isRepeatable, stored.count < delivery.successes || stored.count > delivery.tries {
            world.report(
                .intake,
                "event \(event.tag) was sent \(delivery.tries) times and acknowledged \(delivery.successes) times, "
                    + "but is stored \(stored.count) times"
            )
        }
        for function in listeners {
            let fates = stored.map { FlowLedger.Fate(event: $0, function: function) }
            let taken = fates.count { world.rules.flow.isTaken($0) }
            let decided = fates.count { world.rules.flow.isDecided($0) }
            // An event that the server knows starts nothing again; one that started nothing may be tried again.
            let isRight =
                event.isRepeatable
                ? taken <= 1 && (decided > 0 || delivery.successes == 0) : decided == stored.count
            guard !isRight else { continue }
            let slug = registry.functions[function]?.configuration.slug ?? "?"
            world.report(
                .intake,
                "event \(event.tag) was sent \(delivery.tries) times and acknowledged \(delivery.successes) times, "
                    + "but \(slug) took it \(taken) times and dropped it \(decided - taken) times"
            )
        }
        for row in stored where !functions[row, default: []].isSubset(of: listeners) {
            world.report(.intake, "event \(event.tag) started functions that do not listen to it")
        }
    }

    /// An event goes into one run of a function, or something says why not.
    private func check(_ fate: FlowLedger.Fate, in world: SimulatedWorld) {
        let flow = world.rules.flow
        let runs = flow.runsByEvent[fate] ?? []
        let names = runs.map { world.rules.name(of: $0) }
        if runs.count > 1 { world.report(.intake, "event \(fate.event) started \(names)") }
        guard let outcome = flow.outcomes[fate] else { return }
        if outcome.rule == .pause { world.coverage.count(.eventPaused) }
        guard outcome.isTaken, let id = outcome.run else {
            if !runs.isEmpty {
                world.report(.intake, "event \(fate.event) started \(names) and was dropped by \(outcome)")
            }
            return
        }
        let ids = runs.compactMap { world.rules.ledger.runs[$0]?.row.id }
        let series = flow.series[id]
        let isReplaced = outcome.rule == .debounce && series?.members.contains(fate.event) == false
        if isReplaced ? !ids.isEmpty : ids != [id] {
            world.report(.intake, "event \(fate.event) went into \(names), but was to go into \(id) by \(outcome)")
        }
    }
}
