import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import Hummingbird

extension RunSearch {
    /// From the query of a request.
    /// - Throws: 400 that names the parameter and says what is wrong.
    init(_ request: Request, registry: Registry, limits: (usual: Int, most: Int)) throws {
        var query = RunQuery(functions: try request.functions(in: registry))
        let names = request.values("status")
        if !names.isEmpty {
            query.states = try Set(
                names.map { name in
                    guard let state = RunState(name: name.lowercased()) else {
                        throw HTTPError(
                            .badRequest,
                            message: "status must be \(RunState.allCases.map(\.name).joined(separator: ", ")), "
                                + "not \(name.excerpt())"
                        )
                    }
                    return state
                }
            )
        }
        switch request.value("time") {
        case nil, "created": query.time = .created
        case "started": query.time = .started
        case "ended": query.time = .ended
        case let text?:
            throw HTTPError(.badRequest, message: "time must be created, started or ended, not \(text.excerpt())")
        }
        query.from = try request.time("from")
        query.until = try request.time("until")
        if let from = query.from, let until = query.until, from >= until {
            throw HTTPError(.badRequest, message: "from must be before until")
        }
        switch request.value("order") {
        case nil, "desc": break
        case "asc": query.isOldestFirst = true
        case let text?: throw HTTPError(.badRequest, message: "order must be asc or desc, not \(text.excerpt())")
        }
        if let text = request.value("cursor") {
            guard let position = RunPosition(text: text) else {
                throw HTTPError(.badRequest, message: "cursor \(text.excerpt()) is none that a list has given")
            }
            query.after = position
        }
        query.hasEnds = request.value("output") == "true"
        var condition: EventCondition?
        if let text = request.value("if"), !text.isEmpty {
            do {
                condition = try EventCondition(text)
            } catch {
                throw HTTPError(.badRequest, message: "if: \(error)")
            }
        }
        self.init(
            query: query, condition: condition,
            limit: try request.number("limit", usual: limits.usual, most: limits.most)
        )
    }
}

extension Request {
    /// What the query says of a name; `nil` when it does not mention it, or leaves it empty.
    func value(_ name: String) -> String? {
        guard let text = uri.queryParameters[Substring(name)], !text.isEmpty else { return nil }
        return String(text)
    }

    /// All that the query says of a name, also in lists with commas.
    func values(_ name: String) -> [String] {
        uri.queryParameters[values: Substring(name)].flatMap { $0.split(separator: ",").map(String.init) }
    }

    /// A time of the query.
    func time(_ name: String) throws(HTTPError) -> Timestamp? {
        guard let text = value(name) else { return nil }
        guard let time = DateText.parse(text) else {
            throw HTTPError(
                .badRequest, message: "\(name) must be a date such as 2026-01-31T12:00:00Z, not \(text.excerpt())")
        }
        return time
    }

    /// The functions that the query asks for by `function` and `app`; `nil` for all.
    func functions(in registry: Registry) throws(HTTPError) -> Set<UUID16>? {
        let (references, apps) = (values("function"), values("app"))
        guard !references.isEmpty || !apps.isEmpty else { return nil }
        var found: Set<UUID16> = []
        for reference in references {
            // Also those that apps have given up: their runs are still there.
            let named = registry.functions.values.lazy.filter {
                $0.configuration.slug == reference || $0.id.description == reference
            }
            guard !named.isEmpty else {
                throw HTTPError(.badRequest, message: "there is no function \(reference.excerpt())")
            }
            found.formUnion(named.map(\.id))
        }
        guard !apps.isEmpty else { return found }
        var ofApps: Set<UUID16> = []
        for reference in apps {
            guard
                let app = registry.apps.values.first(where: { $0.name == reference || $0.id.description == reference })
            else { throw HTTPError(.badRequest, message: "there is no app \(reference.excerpt())") }
            ofApps.formUnion(registry.functions.values.lazy.filter { $0.app == app.id }.map(\.id))
        }
        return references.isEmpty ? ofApps : found.intersection(ofApps)
    }
}

/// A time and a row, as cursors of lists name a place: `<milliseconds>.<row>`.
struct TimeCursor {
    var time: Timestamp
    var row: RowID

    init(_ time: Timestamp, _ row: RowID) {
        self.time = time
        self.row = row
    }

    var text: String { "\(time.milliseconds).\(row)" }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int64(parts[0]), let row = RowID(parts[1]) else { return nil }
        self.init(Timestamp(milliseconds: time), row)
    }
}

extension RunPosition {
    /// As lists name it.
    package var text: String { TimeCursor(createdAt, row).text }

    package init?(text: String) {
        guard let cursor = TimeCursor(text) else { return nil }
        self.init(createdAt: cursor.time, row: cursor.row)
    }
}
