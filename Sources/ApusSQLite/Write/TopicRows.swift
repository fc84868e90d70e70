import ApusEngine
import GRDBSQLite

/// Gives topics the integers under which listeners hold them.
final class TopicRows {
    /// Names come from apps, so the memory of them is bounded; past it they are looked up again.
    private static let limit = 10_000
    private var known: [ListenerTopic: Int64] = [:]
    private let find: Statement
    private let insert: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        find = try Statement("SELECT row FROM topics WHERE name = ? AND path = ?", on: connection)
        insert = try Statement("INSERT INTO topics (name, path) VALUES (?, ?) RETURNING row", on: connection)
    }

    /// The row of a topic, made when there is none.
    func row(of topic: ListenerTopic) throws(SQLiteFailure) -> Int64 {
        if let row = known[topic] { return row }
        var row = try row(of: topic, from: find)
        if row == nil { row = try self.row(of: topic, from: insert) }
        guard let row else { throw SQLiteFailure(code: SQLITE_INTERNAL, message: "a topic was given no row") }
        if known.count >= TopicRows.limit { known = [:] }
        known[topic] = row
        return row
    }

    /// Forgets all rows, because some of them may be gone.
    func forget() {
        known = [:]
    }

    private func row(of topic: ListenerTopic, from statement: Statement) throws(SQLiteFailure) -> Int64? {
        statement.bind(1, Array(topic.name.utf8))
        statement.bind(2, Array(topic.path.utf8))
        defer { statement.reset() }
        return try statement.step() ? statement.int(0) : nil
    }
}
