import ApusCore
import ApusEngine
import ApusStore

/// Writes functions, and gives their ids the integers under which runs hold them.
final class FunctionRows {
    private var known: [UUID16: Int64] = [:]
    private let find: Statement
    private let upsert: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        find = try Statement("SELECT row FROM functions WHERE id = ?", on: connection)
        // Not REPLACE: the row must stay the same, runs point to it.
        upsert = try Statement(
            """
            INSERT INTO functions (id, app, version, is_archived, slug, source, paused_at, override)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET app = excluded.app, version = excluded.version,
                is_archived = excluded.is_archived, slug = excluded.slug, source = excluded.source,
                paused_at = excluded.paused_at, override = excluded.override
            """,
            on: connection
        )
    }

    /// - Throws: `.rejected` when the function was never stored.
    func row(of function: UUID16) throws -> Int64 {
        if let row = known[function] { return row }
        find.bind(1, high: function.high, low: function.low)
        defer { find.reset() }
        guard try find.step() else { throw StoreError.rejected("a run of the unknown function \(function)") }
        known[function] = find.int(0)
        return find.int(0)
    }

    /// Stores a function, or what changed of it.
    func write(_ function: FunctionRecord) throws(SQLiteFailure) {
        upsert.bind(1, high: function.id.high, low: function.id.low)
        upsert.bind(2, high: function.app.high, low: function.app.low)
        upsert.bind(3, Int64(function.version))
        upsert.bind(4, function.isArchived ? 1 : 0)
        upsert.bind(5, function.configuration.slug)
        upsert.bind(6, function.configuration.source.bytes)
        upsert.bind(7, function.pausedAt?.milliseconds)
        upsert.bind(8, function.override.map { String(decoding: $0.json.bytes, as: UTF8.self) })
        try upsert.run()
    }

    /// Forgets all rows, because a transaction that may have made some of them was undone.
    func forget() {
        known = [:]
    }
}
