import ApusCore
import ApusEngine
import ApusStore
import Foundation
import GRDBSQLite
import Testing

@testable import ApusSQLite

@Suite struct LogBufferTests {
    private let disk = FaultyDisk.shared
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("a commit is one write, however many pages it changes")
    func oneWrite() throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        let log = path + "/apus.db-wal"
        var writer = try TestWriter(store)
        try writer.commitEvent()
        for bytes in [10, 10_000, 60_000] {
            let before = disk.writes(to: log)
            let event = writer.event(bytes: bytes)
            try writer.commit([.event(event)])
            #expect(disk.writes(to: log) - before == 1)
            // Others see it at once.
            #expect(try store.reader.event(id: event.id)?.row == event.row)
        }
    }

    @Test("a disk that is full in the middle of a large commit has none of it", arguments: [0, 1, 2, 5])
    func fullInTheMiddle(writesBefore: Int) throws {
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        var writer = try TestWriter(store)
        try writer.commitEvent()
        disk.set(.init(operation: .write, suffix: ".db-wal", code: FaultyDisk.full, after: writesBefore), under: path)
        let event = writer.event(bytes: 1_000_000)
        #expect(throws: StoreError.self) { try writer.commit([.event(event)]) }
        disk.set(nil, under: path)
        #expect(try store.lastBatch(of: 0, epoch: writer.epoch) == writer.batch)
        #expect(try store.reader.event(id: event.id) == nil)
        try writer.commit([.event(event)])
        #expect(try store.reader.event(id: event.id)?.row == event.row)
    }

    @Test("what is written and read is the same with and without it", arguments: 0..<20 as Range<UInt64>)
    func sameFile(seed: UInt64) throws {
        let plain = try Connection(directory.newPath())
        let buffered = try Connection(directory.newPath())
        LogBuffer.install(on: buffered.handle)
        var random = SplitMix64(seed: seed)
        for _ in 0..<60 {
            for statement in transaction(&random) {
                // Also between the statements of a transaction.
                if Int.random(in: 0..<40, using: &random) == 0 { try expectSameFiles(buffered, plain) }
                #expect(try buffered.ask(statement) == plain.ask(statement))
            }
            // Somebody else, who reads the file, sees what was committed and nothing else.
            let numbers = "SELECT count(*), sum(id), sum(length(body)), total(mark) FROM things"
            #expect(try buffered.other.ask(numbers) == plain.other.ask(numbers))
        }
        try expectSameFiles(buffered, plain)
        #expect(try buffered.ask("PRAGMA integrity_check") == ["ok"])
    }

    /// What is in the files is what counts after the power has gone.
    private func expectSameFiles(_ buffered: Connection, _ plain: Connection) throws {
        let copies = try [buffered, plain].map { try Connection(try $0.copy(to: directory.newPath())) }
        // Not what the connections see: SQLite 3.40 loses a commit after ROLLBACK TO when pages have been spilled twice.
        // No transaction of the store has a savepoint.
        let content = "SELECT id, mark, body FROM things ORDER BY id"
        #expect(try copies[0].ask(content) == copies[1].ask(content))
        #expect(try copies[0].ask("PRAGMA integrity_check") == ["ok"])
    }

    /// Statements that spill a small cache into the log before the commit, and read and write it again there.
    private func transaction(_ random: inout SplitMix64) -> [String] {
        var statements = ["BEGIN IMMEDIATE"]
        for index in 0..<Int.random(in: 0..<12, using: &random) {
            statements.append(change(index, &random))
        }
        statements.append(Int.random(in: 0..<4, using: &random) == 0 ? "ROLLBACK" : "COMMIT")
        let checkpoints = ["PASSIVE", "RESTART", "TRUNCATE"]
        if Int.random(in: 0..<10, using: &random) == 0, let mode = checkpoints.randomElement(using: &random) {
            statements.append("PRAGMA wal_checkpoint(\(mode))")
        }
        return statements
    }

    private func change(_ index: Int, _ random: inout SplitMix64) -> String {
        let id = Int.random(in: 0..<500, using: &random)
        let bytes = Int.random(in: 0..<10, using: &random) == 0 ? 200_000 : 3_000
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return "DELETE FROM things WHERE id % 7 = \(id % 7)"
        case 1: return "UPDATE things SET mark = mark + 1"
        case 2: return "SELECT sum(mark), sum(length(body)) FROM things"
        case 3: return "SAVEPOINT part\(id % 2)"
        // There may be none of that name.
        case 4: return "ROLLBACK TO part\(id % 2)"
        default: return "INSERT OR REPLACE INTO things VALUES (\(id), \(index), hex(zeroblob(\(id * bytes / 500))))"
        }
    }
}

/// A connection of SQLite's own, with a small cache.
private final class Connection {
    let handle: OpaquePointer
    private let path: String
    /// A second one, which only reads.
    private(set) lazy var other = (try? Connection(path, isFirst: false)) ?? self

    convenience init(_ path: String) throws {
        try self.init(path, isFirst: true)
    }

    private init(_ path: String, isFirst: Bool) throws {
        self.path = path
        var handle: OpaquePointer?
        _ = FaultyDisk.shared
        #expect(sqlite3_open(path, &handle) == SQLITE_OK)
        self.handle = try #require(handle)
        guard isFirst else { return }
        for setting in ["journal_mode = WAL", "synchronous = FULL", "cache_size = 10", "wal_autocheckpoint = 0"] {
            try ask("PRAGMA \(setting)")
        }
        try ask("CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, mark INTEGER, body TEXT)")
    }

    deinit {
        sqlite3_close(handle)
    }

    /// The rows as text; what went wrong as a row.
    @discardableResult
    func ask(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
            return [String(cString: sqlite3_errmsg(handle))]
        }
        defer { sqlite3_finalize(statement) }
        var rows: [String] = []
        var code = sqlite3_step(statement)
        while code == SQLITE_ROW {
            rows.append(
                (0..<sqlite3_column_count(statement)).map { column in
                    sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "null"
                }.joined(separator: "|")
            )
            code = sqlite3_step(statement)
        }
        if code != SQLITE_DONE { rows.append("code \(code)") }
        return rows
    }

    /// The database and its log as they lie on the disk.
    func copy(to target: String) throws -> String {
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: target + suffix)
        }
        return target
    }
}
