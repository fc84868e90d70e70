import ApusCore
import ApusEngine
import ApusStore
import Foundation
import GRDB
import Testing

@testable import ApusSQLite

/// Log, file size, deadlines and migrations.
@Suite struct SQLiteUpkeepTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("the log stays small while the writer never rests")
    func boundedLog() throws {
        let path = directory.newPath()
        var configuration = SQLiteConfiguration()
        configuration.checkpointBytes = 256 << 10
        let store = try SQLiteStore(.directory(path), configuration: configuration)
        defer { store.close() }
        var writer = try TestWriter(store)
        for _ in 0..<2_000 { try writer.commit([.event(writer.event(bytes: 3_000))]) }
        #expect(try store.walBytesWritten > 8 << 20)
        #expect(try size(path + "/apus.db-wal") < 4 << 20)
    }

    @Test("only a commit with changes lets the log be copied")
    func growthOfLog() throws {
        let queue = try DatabaseQueue(path: directory.newPath())
        try queue.inDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE things (id INTEGER)")
            let connection = try database.handle
            let log = try LogSize(connection)
            let transaction = try Transaction(.writing, on: connection)
            func grows(_ sql: String?) throws -> Bool {
                try transaction.run { if let sql { try database.execute(sql: sql) } }
                return log.takeGrowth()
            }
            #expect(try !grows(nil))
            #expect(try grows("INSERT INTO things VALUES (1)"))
            #expect(try !grows("DELETE FROM things WHERE id = 2"))
            #expect(throws: (any Error).self) {
                try grows("INSERT INTO things VALUES (3); INSERT INTO nothing VALUES (4)")
            }
            #expect(try !grows(nil))
            #expect(try grows("DELETE FROM things"))
        }
    }

    @Test("the log's file grows ahead of the commits, in large steps")
    func roomForLog() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        var writer = try TestWriter(store)
        var sizes: Set<Int> = []
        for _ in 0..<200 {
            try writer.commit([.event(writer.event(bytes: 20_000))])
            sizes.insert(try size(path + "/apus.db-wal"))
        }
        #expect(try store.walBytesWritten > 4 << 20)
        #expect((2..<10).contains(sizes.count), "\(sizes.sorted())")
        #expect(try #require(sizes.min()) >= 1 << 20)
    }

    @Test("what lies after the newest commit in the log means nothing after a crash")
    func zerosInLog() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        var writer = try TestWriter(store)
        for count in 1...3 {
            for _ in 0..<20 { try writer.commitEvent() }
            let image = directory.newPath()
            try FileManager.default.createDirectory(atPath: image, withIntermediateDirectories: true)
            for file in ["/apus.db", "/apus.db-wal"] {
                try FileManager.default.copyItem(atPath: path + file, toPath: image + file)
            }
            let survivor = try SQLiteStore(.directory(image))
            defer { survivor.close() }
            #expect(try survivor.reader.events(named: nil, before: nil, since: nil, limit: 100).count == 20 * count)
            #expect(try survivor.claim(0).batch == UInt64(20 * count))
        }
    }

    @Test("closing empties the log")
    func closing() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        var writer = try TestWriter(store)
        try writer.commitEvent()
        #expect(try size(path + "/apus.db-wal") > 0)
        store.close()
        #expect(try size(path + "/apus.db-wal") == 0)
    }

    @Test("removing runs makes the file smaller")
    func shrinking() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        var writer = try TestWriter(store)
        for _ in 0..<300 { try writer.commit([.event(writer.event(bytes: 20_000))]) }
        #expect(try store.removeOldestFinishedRuns(untilSmallerThan: 3 << 20, atMost: 1_000) == 0)
        let left = try store.reader.events(named: nil, before: nil, since: nil, limit: 1_000)
        #expect((100..<160).contains(left.count))
        #expect(left.last?.row == RowID(300 - left.count + 1), "the newest events stay")
        store.close()
        #expect(try size(path + "/apus.db") <= 3 << 20)
    }

    @Test("of very many inputs set aside the oldest are forgotten")
    func boundedQuarantine() throws {
        var configuration = SQLiteConfiguration()
        configuration.quarantineReports = 5
        let store = try SQLiteStore(.directory(directory.newPath()), configuration: configuration)
        defer { store.close() }
        for number in 0..<12 { try store.quarantine(QuarantineReport(at: .epoch, input: "\(number)", reason: "")) }
        #expect(try store.reader.quarantined(limit: 100).map(\.input) == ["11", "10", "9", "8", "7"])
    }

    @Test("a query that takes too long is given up, and the next one works")
    func deadline() throws {
        var configuration = SQLiteConfiguration()
        configuration.queryTimeLimit = .milliseconds(100)
        let store = try SQLiteStore(.directory(directory.newPath()), configuration: configuration)
        defer { store.close() }
        let expected = StoreError.unavailable("a query took too long and was given up")
        #expect(throws: expected) {
            try store.read { session in
                let endless = try session.statement(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
                )
                _ = try endless.step()
            }
        }
        #expect(try store.reader.runs(RunQuery(), limit: 10).runs.isEmpty)
        var writer = try TestWriter(store)
        try writer.commitEvent()
    }

    @Test("a store is copied before it is changed to a newer format")
    func backup() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        var writer = try TestWriter(store)
        try writer.commitEvent()
        store.close()
        let next = Migrator(
            migrations: Schema.migrations + [
                Migration(version: Schema.version + 1, sql: "ALTER TABLE events ADD COLUMN colour TEXT")
            ]
        )
        let file = path + "/apus.db"
        for _ in 0..<2 {
            let database = try DatabaseQueue(path: file)
            try database.writeWithoutTransaction { try next.migrate(try $0.handle, path: file) }
            #expect(try database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == Int(Schema.version) + 1)
            #expect(try database.read { try Int.fetchOne($0, sql: "SELECT count(colour IS NULL) FROM events") } == 1)
            try database.close()
        }
        #expect(try SQLiteUpkeepTests.files(in: path).contains("apus.db.backup-v\(Schema.version)"))
        #expect(try !SQLiteUpkeepTests.files(in: path).contains { $0.hasSuffix(".partial") })
        // The copy is a store of the release before, with everything in it.
        let old = directory.newPath()
        try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: file + ".backup-v\(Schema.version)", toPath: old + "/apus.db")
        let restored = try SQLiteStore(.directory(old))
        defer { restored.close() }
        #expect(try restored.reader.events(named: nil, before: nil, since: nil, limit: 5).count == 1)
    }

    @Test("a migration that fails leaves the store as it was")
    func failedMigration() throws {
        let path = directory.newPath()
        try SQLiteStore(.directory(path)).close()
        let file = path + "/apus.db"
        let broken = Migrator(
            migrations: Schema.migrations + [
                Migration(
                    version: Schema.version + 1,
                    sql: "ALTER TABLE events ADD COLUMN colour TEXT; ALTER TABLE nothing RENAME TO x"
                )
            ]
        )
        let database = try DatabaseQueue(path: file)
        #expect(throws: SQLiteFailure.self) {
            try database.writeWithoutTransaction { try broken.migrate(try $0.handle, path: file) }
        }
        try database.close()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        var writer = try TestWriter(store)
        try writer.commitEvent()
    }

    @Test("texts and blobs keep every byte, also none and NUL")
    func values() throws {
        let database = try DatabaseQueue()
        try database.writeWithoutTransaction { database in
            let connection = try database.handle
            let echo = try Statement("SELECT ?1, ?2, ?3, ?4, typeof(?1), typeof(?2)", on: connection)
            for (text, blob) in [("", []), ("\u{0}a\u{0}", [0, 1, 0]), ("é👋", [255])] as [(String, [UInt8])] {
                echo.bind(1, text)
                echo.bind(2, blob)
                echo.bind(3, nil as Int64?)
                echo.bind(4, high: 1, low: .max)
                #expect(try echo.step())
                #expect(echo.text(0) == text)
                #expect(echo.bytes(1) == blob)
                #expect(echo.isNull(2))
                #expect(echo.halves(3) == (1, .max))
                #expect(echo.text(4) == "text")
                #expect(echo.text(5) == "blob")
                #expect(echo.halves(1) == (0, 0))
                echo.reset()
            }
        }
    }

    private func size(_ path: String) throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return try URL(filePath: path).resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    }

    private static func files(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }
}
