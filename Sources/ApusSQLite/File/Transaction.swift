import GRDB
import GRDBSQLite

/// All or nothing on a connection that writes, one committed state on a connection that reads.
struct Transaction {
    /// What it is for; the value begins it.
    enum Purpose: String {
        case reading = "BEGIN DEFERRED"
        case writing = "BEGIN IMMEDIATE"
    }

    private let begin: Statement
    private let commit: Statement
    private let connection: OpaquePointer

    /// With statements of its own, for a transaction that is run once or very often.
    init(_ purpose: Purpose, on connection: OpaquePointer) throws(SQLiteFailure) {
        begin = try Statement(purpose.rawValue, on: connection)
        commit = try Statement("COMMIT", on: connection)
        self.connection = connection
    }

    /// With statements from the connection's cache; GRDB's own transactions compile theirs each time.
    init(_ purpose: Purpose, cachedBy database: Database) throws {
        begin = try Statement(purpose.rawValue, cachedBy: database)
        commit = try Statement("COMMIT", cachedBy: database)
        connection = try database.handle
    }

    /// Runs a body between its beginning and its end; whatever fails, no transaction is left open.
    func run<Result>(_ body: () throws -> Result) throws -> Result {
        try begin.run()
        do {
            let result = try body()
            try commit.run()
            return result
        } catch {
            Transaction.rollBack(connection)
            throw error
        }
    }

    /// SQLite has rolled back by itself after some failures; a rollback that fails leaves a
    /// connection that its owner closes, because only failures that break it can cause that.
    static func rollBack(_ connection: OpaquePointer) {
        if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
    }
}
