import ApusStore
import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Copies the write-ahead log into the database before it grows large.
///
/// The work is done by a connection of its own beside the writer. What the writer appended in the
/// meantime it copies itself before its next batch: the log starts over only at a moment when all
/// of it has been copied, and under load no such moment comes by itself.
///
/// A copy only begins after a commit that has added to the log, and never beside another one: there is always something
/// to copy. Otherwise the log could start over just when it begins, and SQLite before 3.51.3 would then take commits for
/// copied that are not.
final class Checkpointer: Sendable {
    private let queue = DispatchQueue(label: "apus.sqlite.checkpoint", qos: .utility)
    private let database: DatabaseQueue
    private let startBytes: Int64
    private let phase = Mutex(Phase.idle)

    private enum Phase {
        case idle
        case copying
        /// The writer is to copy the rest.
        case finishing
        case failed(any Error)
    }

    /// - Parameter start: bytes of the log from which it is copied.
    init(path: String, durability: Durability, start: Int64) throws {
        var configuration = Configuration()
        configuration.label = "apus.sqlite.checkpoint"
        configuration.busyMode = .timeout(5)
        database = try DatabaseQueue(path: path, configuration: configuration)
        try database.inDatabase { database in
            let connection = try database.handle
            try Statement.run("PRAGMA wal_autocheckpoint = 0", on: connection)
            try durability.apply(to: connection)
        }
        startBytes = start
    }

    /// To be called by the writer after a commit that has added to the log.
    /// - Parameter logBytes: the size of the log.
    func committed(logBytes: Int64) {
        guard logBytes >= startBytes else { return }
        phase.withLock { phase in
            guard case .idle = phase else { return }
            phase = .copying
            queue.async { self.copy() }
        }
    }

    /// To be called by the writer before a transaction, on its connection.
    /// - Throws: why the log could not be copied; a full disk shows here first.
    func beforeWriting(on connection: OpaquePointer) throws {
        let isFinishing = try phase.withLock { phase in
            switch phase {
            case .idle, .copying: return false
            case .failed(let error): throw error
            case .finishing:
                phase = .idle
                return true
            }
        }
        if isFinishing { try Checkpointer.checkpoint(connection, SQLITE_CHECKPOINT_PASSIVE) }
    }

    /// Waits for a copy under way.
    func close() {
        queue.sync {}
        try? database.close()
    }

    private func copy() {
        let outcome = Result {
            _ = try database.inDatabase { try Checkpointer.checkpoint(try $0.handle, SQLITE_CHECKPOINT_PASSIVE) }
        }
        phase.withLock { phase in
            switch outcome {
            case .success: phase = .finishing
            case .failure(let error): phase = .failed(error)
            }
        }
    }

    /// Copies the whole log and empties it.
    /// - Throws: `.unavailable` also when a reader or another process is in the way.
    static func truncate(on connection: OpaquePointer) throws {
        guard try checkpoint(connection, SQLITE_CHECKPOINT_TRUNCATE) else {
            throw StoreError.unavailable("the log cannot be copied into the database: it is in use")
        }
    }

    /// - Returns: `false` when somebody was in the way.
    @discardableResult
    private static func checkpoint(_ connection: OpaquePointer, _ mode: Int32) throws(SQLiteFailure) -> Bool {
        let code = sqlite3_wal_checkpoint_v2(connection, "main", mode, nil, nil)
        switch code & 0xff {
        case SQLITE_OK: return true
        case SQLITE_BUSY: return false
        default: throw SQLiteFailure(connection, code: sqlite3_extended_errcode(connection))
        }
    }
}
