import GRDBSQLite

/// Follows the size of the write-ahead log of a connection that writes. Confined to its queue.
final class LogSize {
    /// A page in the log comes with a header of its own.
    private static let frameHeader: Int64 = 24
    private let connection: OpaquePointer
    private let frame: Int64
    private var pages: Int64 = 0
    private var hasGrown = false
    private var pagesWritten: Int64 = 0

    /// Follows a connection from now on.
    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        self.connection = connection
        frame = try Statement.int("PRAGMA page_size", on: connection) + LogSize.frameHeader
        sqlite3_wal_hook(
            connection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<LogSize>.fromOpaque(context).takeUnretainedValue().committed(pages: Int64(pages))
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
        _ = takePagesWritten()
    }

    deinit {
        sqlite3_wal_hook(connection, nil, nil)
    }

    private func committed(pages: Int64) {
        self.pages = pages
        hasGrown = true
    }

    /// Whether there was a commit with changes since the last time that it was asked.
    func takeGrowth() -> Bool {
        defer { hasGrown = false }
        return hasGrown
    }

    /// Bytes of the log up to the newest commit.
    var bytes: Int64 { pages * frame }

    /// Bytes appended since the connection was opened.
    func bytesWritten() -> Int64 {
        pagesWritten += takePagesWritten()
        return pagesWritten * frame
    }

    private func takePagesWritten() -> Int64 {
        var pages: Int32 = 0
        var unused: Int32 = 0
        sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &unused, 1)
        return Int64(pages)
    }
}
