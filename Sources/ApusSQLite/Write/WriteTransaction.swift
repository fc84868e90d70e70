import GRDBSQLite

/// All or nothing on a writing connection.
enum WriteTransaction {
    /// Runs a body between BEGIN and COMMIT; whatever fails, no transaction is left open.
    static func run<Result>(on connection: OpaquePointer, _ body: () throws -> Result) throws -> Result {
        try execute("BEGIN IMMEDIATE", on: connection)
        do {
            let result = try body()
            try execute("COMMIT", on: connection)
            return result
        } catch {
            rollBack(connection)
            throw error
        }
    }

    /// SQLite has rolled back by itself after some failures; a rollback that fails leaves a
    /// connection that its owner closes, because only failures that break it can cause that.
    static func rollBack(_ connection: OpaquePointer) {
        if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
    }

    private static func execute(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw SQLiteFailure(connection, code: sqlite3_extended_errcode(connection))
        }
    }
}
