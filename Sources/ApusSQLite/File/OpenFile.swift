import ApusEngine
import ApusStore
import Foundation
import GRDB
import GRDBSQLite

/// The database file while it is open: one connection that writes, a pool that reads, one that
/// copies the log into the database beside them. After a failure it is closed and another is made.
///
/// @unchecked because GRDB's queue confines the writer to one thread at a time.
final class OpenFile: @unchecked Sendable {
    private let pool: DatabasePool
    /// Used on the pool's writing queue only.
    private var writer: Writer?
    private let checkpointer: Checkpointer
    private let gate = Gate()

    /// Opens the file, or makes it; brings it to the newest format.
    init(_ directory: DataDirectory, _ configuration: SQLiteConfiguration) throws(StoreError) {
        let path = directory.databasePath
        let durability: Durability = directory.isTemporary ? .none : .full
        do {
            let isNew = !FileManager.default.fileExists(atPath: path)
            pool = try DatabasePool(path: path, configuration: OpenFile.grdb(configuration))
            checkpointer = try Checkpointer(path: path, durability: durability, start: configuration.checkpointBytes)
            let checkpointer = checkpointer
            writer = try pool.writeWithoutTransaction { database in
                let connection = try database.handle
                try durability.apply(to: connection)
                // A log that was read back may never have reached the disk, if its last sync failed.
                // Copying it now makes what this process goes on from durable.
                try Checkpointer.truncate(on: connection)
                try Migrator().migrate(connection, path: path)
                try OpenFile.createShards(configuration.shardCount, on: connection)
                var room: LogRoom?
                if durability == .full {
                    room = LogRoom(connection, upTo: 2 * configuration.checkpointBytes)
                    LogBuffer.install(on: connection)
                }
                return try Writer(connection, configuration, checkpointer, room)
            }
            // The file's name has to survive a power cut as well as its bytes.
            if isNew { try Disk.sync(directory.path) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs on a reading connection, in a snapshot of its own.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try gate.pass {
            try pool.unsafeRead { database in
                try Transaction(.reading, cachedBy: database).run { try body(database) }
            }
        }
    }

    /// Runs on the writing connection, one caller at a time.
    func write<Result>(_ body: (Writer) throws -> Result) throws -> Result {
        try gate.pass {
            try pool.writeWithoutTransaction { _ in
                guard let writer else { throw StoreError.unavailable("the store is closed") }
                return try body(writer)
            }
        }
    }

    /// Waits for those who use the file.
    /// - Parameter isSound: whether the log may be copied into the database first.
    func close(isSound: Bool) {
        gate.shut()
        checkpointer.close()
        pool.writeWithoutTransaction { _ in
            // A log that cannot be copied now is copied when the file is opened again.
            if isSound, let writer { try? Checkpointer.truncate(on: writer.connection) }
            writer = nil
        }
        // Connections that do not close now close when their last user lets go of them.
        try? pool.close()
    }

    private static func grdb(_ configuration: SQLiteConfiguration) -> Configuration {
        var grdb = Configuration()
        grdb.label = "apus.sqlite"
        grdb.busyMode = .timeout(5)
        grdb.maximumReaderCount = max(1, configuration.readers)
        grdb.prepareDatabase { database in
            let cache = configuration.cacheBytes / 1_024
            if database.configuration.readonly {
                try database.execute(sql: "PRAGMA cache_size = -\(cache / 8)")
            } else {
                // The first two only have an effect before the first table is made.
                try database.execute(
                    sql: """
                        PRAGMA page_size = \(configuration.pageSize);
                        PRAGMA auto_vacuum = INCREMENTAL;
                        PRAGMA cache_size = -\(cache);
                        PRAGMA wal_autocheckpoint = 0;
                        PRAGMA secure_delete = OFF;
                        PRAGMA journal_size_limit = \(configuration.checkpointBytes * 4);
                        """
                )
            }
            // No mmap: an unreadable sector would then end the process instead of a query.
            try database.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0")
        }
        return grdb
    }

    private static func createShards(_ count: Int, on connection: OpaquePointer) throws {
        guard try Statement.int("SELECT count(*) FROM shards", on: connection) == 0 else { return }
        try Transaction(.writing, on: connection).run {
            let insert = try Statement(
                "INSERT INTO shards (shard, epoch, batch, time) VALUES (?, 0, 0, 0)", on: connection)
            for shard in 0..<Int64(min(max(1, count), Int(ShardID.max))) {
                insert.bind(1, shard)
                try insert.run()
            }
        }
    }
}

extension Database {
    /// The connection, for statements of our own.
    var handle: OpaquePointer {
        get throws {
            guard let sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
            return sqliteConnection
        }
    }
}
