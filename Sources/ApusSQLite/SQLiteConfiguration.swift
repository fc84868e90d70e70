import ApusCore
import ApusEngine

/// How a SQLite store is opened. Every bound on its memory, its files and its queries is here.
package struct SQLiteConfiguration: Hashable, Sendable {
    /// Shards of a store that does not exist yet; an existing one keeps the number it was made with.
    /// One writer exists anyway, so more than one is only of use in tests.
    package var shardCount = 1
    /// Bytes of a database page of a store that does not exist yet.
    package var pageSize = 4_096
    /// Connections that read at the same time; further readers wait for one of them.
    package var readers = 4
    /// How long one query may take before it is given up as `StoreError.unavailable`.
    package var queryTimeLimit = TimeSpan.seconds(5)
    /// Rows that a listing returns at most, whatever limit was asked for.
    package var rowsPerPage = 1_000
    /// Bytes of the write-ahead log from which it is copied into the database, beside the writer.
    package var checkpointBytes: Int64 = 16 << 20
    /// Bytes of page cache of the writing connection; each reading one may hold an eighth.
    package var cacheBytes: Int64 = 64 << 20
    /// Bytes that the database file may take, log not counted; a commit beyond it fails as
    /// `StoreError.unavailable`, as it does on a full disk. `nil` leaves it to the disk.
    package var maximumBytes: Int64?
    /// Reports of inputs set aside that are kept; the oldest go first.
    package var quarantineReports = 10_000
    /// How long an event's key protects against a second run: until then finished runs of events
    /// that carry a key are removed last.
    package var idempotencyPeriod = TimeSpan.hours(24)

    /// The values that fit a server of its own.
    package init() {}
}
