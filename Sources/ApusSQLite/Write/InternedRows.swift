import GRDBSQLite

/// Gives what repeats in many rows the integers under which they hold it.
final class InternedRows<Key: Hashable> {
    /// Keys come from senders and apps, so the memory of them is bounded; past it they are looked up again.
    private let limit = 10_000
    private var known: [Key: Int64] = [:]
    private let find: Statement
    private let insert: Statement
    private let bind: (Key, Statement) -> Void

    /// - Parameter bind: sets a key's columns, counted from 1 in the order of `columns`.
    init(
        _ connection: OpaquePointer,
        table: String,
        columns: [String],
        _ bind: @escaping (Key, Statement) -> Void
    ) throws(SQLiteFailure) {
        let matches = columns.map { "\($0) = ?" }.joined(separator: " AND ")
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        find = try Statement("SELECT row FROM \(table) WHERE \(matches)", on: connection)
        insert = try Statement(
            "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places)) RETURNING row",
            on: connection
        )
        self.bind = bind
    }

    /// The row of a key, made when there is none.
    func row(of key: Key) throws(SQLiteFailure) -> Int64 {
        if let row = known[key] { return row }
        var row = try row(of: key, from: find)
        if row == nil { row = try self.row(of: key, from: insert) }
        guard let row else { throw SQLiteFailure(code: SQLITE_INTERNAL, message: "a key was given no row") }
        if known.count >= limit { known = [:] }
        known[key] = row
        return row
    }

    /// Forgets all rows, because some of them may be gone: a transaction that made them was undone, or they
    /// were removed.
    func forget() {
        known = [:]
    }

    private func row(of key: Key, from statement: Statement) throws(SQLiteFailure) -> Int64? {
        bind(key, statement)
        defer { statement.reset() }
        return try statement.step() ? statement.int(0) : nil
    }
}
