import ApusCore
import ApusEngine
import ApusStore

/// Which events a list shows, as its URL says.
struct EventFilter: Sendable {
    var name: String?
    var from: Timestamp?
    var until: Timestamp?
    var condition: EventCondition?
    /// What is wrong with the condition.
    var conditionProblem: String?
    var hasInternal: Bool
    var before: RowID?
    /// The list with all filters, but neither page nor panel.
    let link: Link
    let isEmpty: Bool

    private static let names = ["name", "from", "until", "query", "internal"]

    init(_ visit: Visit) throws(PageProblem) {
        name = visit.value("name")
        from = try visit.moment("from")
        until = try visit.moment("until")
        hasInternal = visit.value("internal") != nil
        before = visit.value("before").flatMap { RowID($0) }
        link = Self.names.reduce(Link("events")) { $0.with($1, visit.value($1)) }
        isEmpty = ["name", "from", "until", "query", "before"].allSatisfy { visit.value($0) == nil }
        guard let text = visit.value("query") else { return }
        do { condition = try EventCondition(text) } catch { conditionProblem = "\(error)" }
    }

    func matches(_ event: StoredEvent, now: Timestamp) -> Bool {
        guard choice.includes(event.name) else { return false }
        if let from, event.receivedAt < from { return false }
        if let until, event.receivedAt >= until { return false }
        return condition?.holds(for: event.body, now: now) ?? true
    }

    /// What is counted: all but the condition.
    var choice: EventChoice {
        name.map { .named($0) } ?? (hasInternal ? .all : .sent)
    }

    /// The stretch of time that the histogram shows.
    func stretch(_ now: Timestamp) -> (from: Timestamp, until: Timestamp) {
        let until = min(until ?? now, now)
        return (max(from.map { min($0, until - .minutes(1)) } ?? until - .hours(24), until - .days(30)), until)
    }
}
