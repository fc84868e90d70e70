import ApusEngine
import ApusStore
import GRDBSQLite

/// The connection that writes, with its prepared statements. Confined to the pool's writing queue.
final class Writer {
    /// For statements that are not prepared.
    let connection: OpaquePointer
    let configuration: SQLiteConfiguration
    /// Event names by row.
    let names: InternedRows<[UInt8]>
    /// Topics of listeners by row.
    let topics: InternedRows<ListenerTopic>
    /// Functions by row.
    let functions: FunctionRows
    /// The statements of the hot path.
    let statements: WriteStatements
    private let transaction: Transaction
    private let checkpointer: Checkpointer
    private let log: LogSize
    private let room: LogRoom?

    /// - Parameter room: for a log whose commits wait for the disk.
    init(
        _ connection: OpaquePointer,
        _ configuration: SQLiteConfiguration,
        _ checkpointer: Checkpointer,
        _ room: LogRoom?
    ) throws {
        self.connection = connection
        self.configuration = configuration
        self.checkpointer = checkpointer
        // By UTF-8, because Swift holds texts for equal that have different bytes.
        names = try InternedRows(connection, table: "names", columns: ["name"]) { $1.bind(1, $0) }
        topics = try InternedRows(connection, table: "topics", columns: ["name", "path"]) { topic, statement in
            statement.bind(1, Array(topic.name.utf8))
            statement.bind(2, Array(topic.path.utf8))
        }
        functions = try FunctionRows(connection)
        statements = try WriteStatements(connection)
        transaction = try Transaction(.writing, on: connection)
        log = try LogSize(connection)
        self.room = room
        room?.grow(used: 0)
        try limitFile(to: configuration.maximumBytes)
    }

    /// Runs a body in a transaction of its own; nothing of it stays when it throws.
    func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try checkpointer.beforeWriting(on: connection)
        do {
            let result = try transaction.run(body)
            if log.takeGrowth() { checkpointer.committed(logBytes: log.bytes) }
            room?.grow(used: log.bytes)
            return result
        } catch {
            // Rows that the transaction gave to names, topics and functions are gone with it.
            names.forget()
            topics.forget()
            functions.forget()
            throw error
        }
    }

    /// Bytes appended to the log since the file was opened.
    func logBytesWritten() -> Int64 {
        log.bytesWritten()
    }

    /// Bounds the database file; `nil` lifts the bound.
    func limitFile(to bytes: Int64?) throws {
        let most: Int64 = 0xffff_fffe
        let pages = try bytes.map { max(1, $0 / (try pageSize())) } ?? most
        // SQLite answers with the bound in force, which is never below the size of the file.
        _ = try Statement.int("PRAGMA max_page_count = \(min(pages, most))", on: connection)
    }

    /// Bytes of a page.
    func pageSize() throws(SQLiteFailure) -> Int64 {
        try Statement.int("PRAGMA page_size", on: connection)
    }
}
