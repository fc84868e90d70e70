import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore

/// Which runs a list shows, as its URL says.
struct RunFilter: Sendable {
    var states: [String]
    var function: String?
    var app: String?
    var field: String
    var from: Timestamp?
    var until: Timestamp?
    var condition: String?
    /// What is wrong with the condition.
    var conditionProblem: String?
    var before: String?
    private var texts: [String: String]

    static let stateNames: [(key: String, word: String)] = [
        ("running", "Running"), ("waiting", "Queued"), ("completed", "Completed"), ("failed", "Failed"),
        ("cancelled", "Cancelled"),
    ]
    static let fields = [("queued", "queued"), ("started", "started"), ("ended", "ended")]

    init(_ visit: Visit) throws(PageProblem) {
        states = visit.values("status").flatMap { $0.split(separator: ",").map(String.init) }
            .map { $0 == "queued" ? "waiting" : $0 }
        function = visit.value("function")
        app = visit.value("app")
        field = visit.value("time") ?? "queued"
        from = try visit.moment("from")
        until = try visit.moment("until")
        condition = visit.value("query")
        before = visit.value("before")
        texts = ["from": visit.text("from"), "until": visit.text("until"), "query": visit.text("query")]
        if let condition {
            do { _ = try EventCondition(condition) } catch { conditionProblem = "\(error)" }
        }
    }

    /// The list with all filters, but neither page nor panel.
    var link: Link {
        var link = Link("runs").with("status", all: states).with("function", function).with("app", app)
        if field != "queued" { link = link.with("time", field) }
        for name in ["from", "until", "query"] { link = link.with(name, texts[name]) }
        return link
    }

    func text(_ name: String) -> String { texts[name] ?? "" }

    var isEmpty: Bool {
        states.isEmpty && function == nil && app == nil && texts.values.allSatisfy(\.isEmpty) && before == nil
    }

    /// The stretch of time that the histogram shows.
    func stretch(_ now: Timestamp) -> (from: Timestamp, until: Timestamp) {
        let until = min(until ?? now, now)
        let usual = until - .hours(24)
        return (max(from.map { min($0, until - .minutes(1)) } ?? usual, until - .days(30)), until)
    }

    /// Functions that the filter names; `nil` for all.
    func functions(in registry: Registry) -> Set<UUID16>? {
        guard function != nil || app != nil else { return nil }
        let found = registry.functions.values.filter { record in
            (function == nil || record.configuration.slug == function)
                && (app == nil || registry.apps[record.app]?.name == app)
        }
        return Set(found.map(\.id))
    }

    func search(in registry: Registry, now: Timestamp, limit: Int) throws(PageProblem) -> RunSearch {
        var query = RunQuery(functions: functions(in: registry))
        let known = Set(states.compactMap { $0 == "waiting" ? .queued : RunState(name: $0) })
        if !known.isEmpty { query.states = known }
        query.time = field == "started" ? .started : field == "ended" ? .ended : .created
        // Runs that live are shown however old they are.
        let isLiving = !known.isEmpty && known.isSubset(of: [.queued, .running])
        query.from = from ?? (isLiving ? nil : stretch(now).from)
        query.until = until
        if let from = query.from, let until = query.until, from >= until {
            throw PageProblem(400, "No time lies between", "from has to be before until.")
        }
        if let before {
            guard let position = RunPosition(text: before) else {
                throw PageProblem(400, "There is no such page", "The URL has been cut or changed.")
            }
            query.after = position
        }
        query.hasEnds = true
        let condition = conditionProblem == nil ? condition.flatMap { try? EventCondition($0) } : nil
        return RunSearch(query: query, condition: condition, limit: limit)
    }
}
