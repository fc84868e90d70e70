import ApusCore
import ApusStore
import GRDB
import GRDBSQLite

/// One look at the committed state: a snapshot on a connection of the pool, with a deadline.
final class ReadSession {
    private let database: Database
    /// The store's number of shards.
    let shardCount: Int
    /// Rows that a listing gives at most.
    let rowsPerPage: Int
    /// How long an event's key protects against a second run.
    let idempotencyPeriod: TimeSpan

    init(_ database: Database, shardCount: Int, _ configuration: SQLiteConfiguration) {
        self.database = database
        self.shardCount = shardCount
        rowsPerPage = configuration.rowsPerPage
        idempotencyPeriod = configuration.idempotencyPeriod
    }

    /// A statement from the connection's cache; not to be taken twice at a time.
    func statement(_ sql: String) throws -> Statement {
        try Statement(sql, cachedBy: database)
    }

    /// A statement of its own, of which several may be under way.
    func newStatement(_ sql: String) throws -> Statement {
        guard let connection = database.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        return try Statement(sql, on: connection)
    }

    /// The number of rows that a listing gives when this many were asked for.
    func page(_ limit: Int) -> Int {
        min(max(limit, 0), rowsPerPage)
    }
}

/// Ends queries of a connection that go on for too long.
final class Deadline {
    /// Steps of SQLite's virtual machine between two looks at the clock, about a tenth of a millisecond.
    private static let pace: Int32 = 10_000
    private let connection: OpaquePointer
    private let end: ContinuousClock.Instant

    /// Runs from now on, for as long as the object lives; a query that is ended fails with SQLITE_INTERRUPT.
    init(_ connection: OpaquePointer, after span: TimeSpan) {
        self.connection = connection
        end = ContinuousClock.now + .nanoseconds(span.nanoseconds)
        sqlite3_progress_handler(
            connection, Deadline.pace,
            { context in
                guard let context else { return 0 }
                let deadline = Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue()
                return ContinuousClock.now < deadline.end ? 0 : 1
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    deinit {
        sqlite3_progress_handler(connection, 0, nil, nil)
    }
}
