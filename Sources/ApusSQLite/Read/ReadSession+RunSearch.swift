import ApusCore
import ApusEngine
import ApusStore

/// Searches for runs.
///
/// A search walks along indexes in the order of creation: along that of all runs, or along one for each
/// function or status that is asked for, whose runs are then merged. What it meets is looked at one by one,
/// and only what matches is read in full.
extension ReadSession {
    /// Runs that one search looks at.
    private static let effort = 20_000
    /// Functions up to which each has a path of its own.
    private static let functionPaths = 16

    func runs(_ query: RunQuery, limit: Int) throws -> RunPage {
        let limit = page(limit)
        guard limit > 0 else { return RunPage(runs: [], next: query.after) }
        let statuses = Set(query.states.map(\.status.rawValue))
        let functions = try query.functions.map { Set(try $0.compactMap { try functionRow($0) }) }
        var paths = try indexes(statuses, functions).map { try RunPath($0, query, self) }
        var page = RunPage(runs: [], next: query.after)
        for _ in 0..<Self.effort {
            guard let path = Self.nearest(paths, query), let run = paths[path].next, isWithin(query, run.position)
            else {
                page.next = nil
                return page
            }
            if statuses.contains(run.status), functions?.contains(run.function) ?? true,
                let run = try storedRun(run.position.row, of: query)
            {
                // Only with one more it is known that the page is not the last one.
                guard page.runs.count < limit else {
                    page.next = page.runs.last?.position
                    return page
                }
                page.runs.append(run)
            }
            page.next = run.position
            try paths[path].advance()
        }
        return page
    }

    private func storedRun(_ row: RowID, of query: RunQuery) throws -> StoredRun? {
        guard var run = try storedRun(row),
            query.matches(run.projection, of: run.function, createdAt: run.createdAt)
        else { return nil }
        if query.hasEnds { run.end = try end(of: run.projection) }
        return run
    }

    /// Whether runs from here on can lie between the bounds.
    private func isWithin(_ query: RunQuery, _ position: RunPosition) -> Bool {
        if query.isOldestFirst {
            // What was created later was started and ended later as well.
            return query.until.map { position.createdAt < $0 } ?? true
        }
        return query.time != .created || query.from.map { position.createdAt >= $0 } ?? true
    }

    private static func nearest(_ paths: [RunPath], _ query: RunQuery) -> Int? {
        var nearest: (path: Int, position: RunPosition)?
        for (index, path) in paths.enumerated() {
            guard let position = path.next?.position else { continue }
            if let found = nearest, (position < found.position) != query.isOldestFirst { continue }
            nearest = (index, position)
        }
        return nearest?.path
    }

    /// Which indexes to walk along.
    private func indexes(_ statuses: Set<UInt8>, _ functions: Set<Int64>?) -> [RunPath.Index] {
        if let functions, functions.count <= Self.functionPaths { return functions.sorted().map { .function($0) } }
        guard statuses.contains(RunStatus.completed.rawValue) else { return statuses.sorted().map { .status($0) } }
        return [.all]
    }

    func functionRow(_ id: UUID16) throws -> Int64? {
        let find = try statement("SELECT row FROM functions WHERE id = ?")
        find.bind(1, high: id.high, low: id.low)
        defer { find.reset() }
        return try find.step() ? find.int(0) : nil
    }
}

/// A walk along an index, a step ahead.
struct RunPath {
    /// What the walk goes along.
    enum Index {
        case all
        case function(Int64)
        case status(UInt8)
    }

    /// The run that comes next; `nil` at the end.
    private(set) var next: Found?
    private let statement: Statement

    /// A run that the walk has come to.
    struct Found {
        var position: RunPosition
        var status: UInt8
        var function: Int64
    }

    /// Goes to the first run.
    init(_ index: Index, _ query: RunQuery, _ session: ReadSession) throws {
        let start = query.isOldestFirst ? RunPosition(createdAt: .init(milliseconds: .min), row: .min) : .last
        let after = Self.start(query) ?? start
        // Not from the cache: several walks go on at a time.
        statement = try session.newStatement(Self.sql(index, isOldestFirst: query.isOldestFirst))
        statement.bind(1, after.createdAt.milliseconds)
        statement.bind(2, after.row)
        switch index {
        case .all: break
        case .function(let row): statement.bind(3, row)
        case .status(let status): statement.bind(3, Int64(status))
        }
        try advance()
    }

    /// Where the walk begins: behind the run that was looked at last, and not outside the bounds.
    private static func start(_ query: RunQuery) -> RunPosition? {
        if query.isOldestFirst {
            guard query.time == .created, let from = query.from else { return query.after }
            let first = RunPosition(createdAt: from, row: .min)
            return max(query.after ?? first, first)
        }
        // What has started or ended before a time was created before it.
        guard let until = query.until else { return query.after }
        let first = RunPosition(createdAt: until, row: .min)
        return min(query.after ?? first, first)
    }

    /// The statement of a walk.
    static func sql(_ index: Index, isOldestFirst: Bool) -> String {
        let condition =
            switch index {
            case .all: ""
            case .function: "function = ?3 AND"
            case .status: "status = ?3 AND status <> 1 AND"
            }
        let name =
            switch index {
            case .all: "runs_by_time"
            case .function: "runs_by_function"
            case .status: "runs_by_status"
            }
        let (sign, order) = isOldestFirst ? (">", "ASC") : ("<", "DESC")
        return """
            SELECT row, created_at, status, function FROM runs INDEXED BY \(name)
            WHERE \(condition) created_at \(sign)= ?1 AND (created_at \(sign) ?1 OR row \(sign) ?2)
            ORDER BY created_at \(order), row \(order)
            """
    }

    /// Goes on to the next run.
    mutating func advance() throws {
        guard try statement.step() else {
            next = nil
            return
        }
        next = Found(
            position: RunPosition(createdAt: statement.time(1), row: statement.int(0)),
            status: UInt8(truncatingIfNeeded: statement.int(2)), function: statement.int(3)
        )
    }
}

extension RunPosition {
    fileprivate static let last = RunPosition(createdAt: Timestamp(milliseconds: .max), row: .max)
}
