import GRDBSQLite

/// Gives event names the integers under which events hold them.
final class NameRows {
    /// Names come from senders, so the memory of them is bounded; past it they are looked up again.
    private static let limit = 10_000
    /// By UTF-8, because Swift holds texts for equal that have different bytes.
    private var known: [[UInt8]: Int64] = [:]
    private let find: Statement
    private let insert: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        find = try Statement("SELECT row FROM names WHERE name = ?", on: connection)
        insert = try Statement("INSERT INTO names (name) VALUES (?) RETURNING row", on: connection)
    }

    /// The row of a name, made when there is none.
    func row(of name: String) throws(SQLiteFailure) -> Int64 {
        let bytes = Array(name.utf8)
        if let row = known[bytes] { return row }
        var row = try row(of: bytes, from: find)
        if row == nil { row = try self.row(of: bytes, from: insert) }
        guard let row else { throw SQLiteFailure(code: SQLITE_INTERNAL, message: "a name was given no row") }
        if known.count >= NameRows.limit { known = [:] }
        known[bytes] = row
        return row
    }

    /// Forgets all rows, because a transaction that may have made some of them was undone.
    func forget() {
        known = [:]
    }

    private func row(of name: [UInt8], from statement: Statement) throws(SQLiteFailure) -> Int64? {
        statement.bind(1, name)
        defer { statement.reset() }
        return try statement.step() ? statement.int(0) : nil
    }
}
