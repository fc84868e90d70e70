import ApusStore
import Foundation
import GRDB
import GRDBSQLite

/// Brings a store of any earlier release to the format of this one.
struct Migrator {
    /// Oldest first.
    var migrations = Schema.migrations

    private var newest: Int64 { migrations.last?.version ?? 0 }

    /// - Parameter path: of the database file; a store that holds data is copied to
    ///   `<path>.backup-v<its format>` before it is changed.
    /// - Throws: `.unreadable` when the file is another program's or was written by a newer release.
    func migrate(_ connection: OpaquePointer, path: String) throws {
        let found = try format(of: connection)
        guard found < newest else { return }
        if found > 0 { try backUp(connection, to: "\(path).backup-v\(found)") }
        for migration in migrations where migration.version > found {
            try Transaction(.writing, on: connection).run {
                try Migrator.execute(migration.sql, on: connection)
                try Migrator.execute("PRAGMA user_version = \(migration.version)", on: connection)
                try Migrator.execute("PRAGMA application_id = \(Schema.applicationID)", on: connection)
            }
        }
    }

    /// The format of the file; 0 when it is empty.
    private func format(of connection: OpaquePointer) throws -> Int64 {
        let format = try Statement.int("PRAGMA user_version", on: connection)
        let application = try Statement.int("PRAGMA application_id", on: connection)
        let tables = try Statement.int("SELECT count(*) FROM sqlite_master", on: connection)
        if format == 0, application == 0, tables == 0 { return 0 }
        guard application == Schema.applicationID else {
            throw StoreError.unreadable("the file is not a store of Apus")
        }
        guard format <= newest else {
            throw StoreError.unreadable(
                "the store has format \(format), this program reads formats up to \(newest): use a newer release"
            )
        }
        return format
    }

    private func backUp(_ connection: OpaquePointer, to path: String) throws {
        let partial = path + ".partial"
        try? FileManager.default.removeItem(atPath: partial)
        let copy = try Statement("VACUUM INTO ?", on: connection)
        copy.bind(1, partial)
        try copy.run()
        try Disk.sync(partial)
        guard rename(partial, path) == 0 else {
            throw StoreError.unavailable("the backup \(path) cannot be made: \(SystemFailure.newest)")
        }
        try Disk.sync((path as NSString).deletingLastPathComponent)
    }

    /// Runs any number of statements.
    private static func execute(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure(connection, code: sqlite3_extended_errcode(connection)) }
    }
}
