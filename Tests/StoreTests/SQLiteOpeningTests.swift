import ApusCore
import ApusEngine
import ApusStore
import Foundation
import GRDB
import Testing

@testable import ApusSQLite

/// What the store accepts as its place, and what it refuses.
@Suite struct SQLiteOpeningTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("a directory belongs to one store at a time")
    func locked() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        let expected = StoreError.unavailable(
            "\(path) is in use by process \(ProcessInfo.processInfo.processIdentifier)")
        #expect(throws: expected) { try SQLiteStore(.directory(path)) }
        store.close()
        try SQLiteStore(.directory(path)).close()
    }

    @Test("a lock file that a dead process left behind is no lock")
    func staleLock() throws {
        let path = directory.newPath()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("999999999\n".utf8).write(to: URL(filePath: path + "/apus.lock"))
        try SQLiteStore(.directory(path)).close()
    }

    @Test("a directory that cannot be made is unavailable")
    func unwritable() throws {
        let file = directory.newPath()
        try Data().write(to: URL(filePath: file))
        for path in [file, file + "/below", "/proc/apus"] {
            #expect { try SQLiteStore(.directory(path)) } throws: { isUnavailable($0) }
        }
    }

    @Test("a missing directory is made, and those above it")
    func nested() throws {
        let store = try SQLiteStore(.directory(directory.newPath() + "/a/b"))
        defer { store.close() }
        #expect(try store.claim(0).epoch == 1)
    }

    @Test("a throw-away store leaves nothing behind")
    func temporary() throws {
        let store = try SQLiteStore(.temporary)
        var writer = try TestWriter(store)
        try writer.commitEvent()
        #expect(try store.reader.events(named: nil, before: nil, since: nil, limit: 5).count == 1)
        #expect(try store.synchronousLevel == 0)
        let path = store.directoryPath
        #expect(FileManager.default.fileExists(atPath: path + "/apus.db"))
        store.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("two throw-away stores know nothing of each other")
    func twoTemporary() throws {
        let (first, second) = (try SQLiteStore(.temporary), try SQLiteStore(.temporary))
        defer { first.close() }
        defer { second.close() }
        var writer = try TestWriter(first)
        try writer.commitEvent()
        #expect(try second.reader.events(named: nil, before: nil, since: nil, limit: 5).isEmpty)
    }

    @Test("the number of shards is fixed when the store is made")
    func shardCount() throws {
        let path = directory.newPath()
        var configuration = SQLiteConfiguration()
        configuration.shardCount = 3
        try SQLiteStore(.directory(path), configuration: configuration).close()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        #expect(store.shardCount == 3)
    }

    @Test("commits are synced, also after the file was opened again")
    func synchronous() throws {
        let path = directory.newPath()
        for _ in 0..<2 {
            let store = try SQLiteStore(.directory(path))
            #expect(try store.synchronousLevel == 2)
            store.close()
        }
    }

    @Test("a file that is no database is unreadable")
    func noDatabase() throws {
        let path = try existing { Data("this is not a database, however long one looks at it".utf8) }
        #expect { try SQLiteStore(.directory(path)) } throws: { isUnreadable($0) }
    }

    @Test("another program's database is left alone")
    func otherProgram() throws {
        let path = directory.newPath()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let other = try DatabaseQueue(path: path + "/apus.db")
        try other.write { try $0.execute(sql: "CREATE TABLE birds (name TEXT); INSERT INTO birds VALUES ('swift')") }
        try other.close()
        #expect(throws: StoreError.unreadable("the file is not a store of Apus")) {
            try SQLiteStore(.directory(path))
        }
        let again = try DatabaseQueue(path: path + "/apus.db")
        #expect(try again.read { try String.fetchOne($0, sql: "SELECT name FROM birds") } == "swift")
    }

    @Test("a store of a newer release is refused")
    func newer() throws {
        let path = directory.newPath()
        try SQLiteStore(.directory(path)).close()
        let file = try DatabaseQueue(path: path + "/apus.db")
        try file.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 1000") }
        try file.close()
        let expected = StoreError.unreadable(
            "the store has format 1000, this program reads formats up to \(Schema.version): use a newer release"
        )
        #expect(throws: expected) { try SQLiteStore(.directory(path)) }
    }

    @Test("damage gives errors and never ends the process", arguments: 0..<24)
    func damage(seed: Int) throws {
        let path = directory.newPath()
        do {
            let store = try SQLiteStore(.directory(path))
            try GoldenStore.write(to: store)
            try GoldenWaits.write(to: store)
            var writer = try TestWriter(store)
            for _ in 0..<50 { try writer.commit((0..<4).map { _ in .event(writer.event(bytes: 200)) }) }
            store.close()
        }
        let file = URL(filePath: path + "/apus.db")
        var bytes = try Data(contentsOf: file)
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<40 {
            // The header stays, or SQLite would not even look further.
            let offset = 100 + Int(random.below(UInt64(bytes.count - 100)))
            bytes[offset] = UInt8(truncatingIfNeeded: random.next())
        }
        if seed % 4 == 0 { bytes.removeLast(bytes.count / 3) }
        try bytes.write(to: file)
        do {
            let store = try SQLiteStore(.directory(path))
            defer { store.close() }
            var writer = try TestWriter(store)
            _ = try? store.reader.runs(RunQuery(hasEnds: true), limit: 100)
            for row in 1...2 as ClosedRange<RowID> { _ = try? store.reader.run(row) }
            _ = try? store.reader.runs(ofEvent: GoldenValues.eventID)
            _ = try? store.reader.functionsStarted(by: [GoldenValues.key], since: .epoch)
            _ = try? store.reader.listeners([ListenerQuestion(.event(1, GoldenWaits.paid))])
            _ = try? store.reader.events(named: nil, before: nil, since: nil, limit: 1_000)
            _ = try store.reader.wakes(of: 0, after: nil, upTo: .distantFuture, limit: 100)
            try writer.commitEvent()
            _ = try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 100)
        } catch is StoreError {
            // Said so, as it should.
        }
    }

    // MARK: -

    /// A directory that holds these bytes as the database.
    private func existing(_ bytes: () -> Data) throws -> String {
        let path = directory.newPath()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try bytes().write(to: URL(filePath: path + "/apus.db"))
        return path
    }

    private func isUnavailable(_ error: any Error) -> Bool {
        if case .unavailable? = error as? StoreError { true } else { false }
    }

    private func isUnreadable(_ error: any Error) -> Bool {
        if case .unreadable? = error as? StoreError { true } else { false }
    }
}
