import ApusStore

/// What a commit waits for.
enum Durability {
    /// The disk has the batch. Nothing less will do: an acknowledged event is never lost.
    case full
    /// Nothing; for stores that are thrown away.
    case none

    /// The value of `PRAGMA synchronous`.
    private var level: Int64 {
        switch self {
        case .full: 2
        case .none: 0
        }
    }

    /// Sets the level and reads it back, because a pool sets its own after it has prepared a connection.
    /// - Throws: `.unavailable` when the connection does not keep the level.
    func apply(to connection: OpaquePointer) throws {
        try Statement.run("PRAGMA synchronous = \(level)", on: connection)
        let found = try Durability.level(of: connection)
        guard found == level else {
            throw StoreError.unavailable("the database is set to synchronous = \(found) and cannot be set to \(level)")
        }
    }

    /// The level that a connection has: 2 is FULL, 0 is OFF.
    static func level(of connection: OpaquePointer) throws(SQLiteFailure) -> Int64 {
        try Statement.int("PRAGMA synchronous", on: connection)
    }
}
