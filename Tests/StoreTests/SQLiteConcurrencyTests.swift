import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore
import Dispatch
import Synchronization
import Testing

/// Several threads at a time.
@Suite struct SQLiteConcurrencyTests {
    @Test("readers beside the writer see whole batches only")
    func readersAndWriter() throws {
        let directory = try TemporaryDirectory()
        var configuration = SQLiteConfiguration()
        configuration.checkpointBytes = 128 << 10
        let store = try SQLiteStore(.directory(directory.newPath()), configuration: configuration)
        defer { store.close() }
        let failures = Failures()
        let isDone = Mutex(false)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            failures.catching {
                if thread == 0 {
                    defer { isDone.withLock { $0 = true } }
                    var writer = try TestWriter(store)
                    // Each batch is one pair of events.
                    for _ in 0..<400 { try writer.commit([.event(writer.event()), .event(writer.event(bytes: 900))]) }
                    return
                }
                var newest: RowID = 0
                while !isDone.withLock({ $0 }) {
                    let events = try store.reader.events(named: "test/event", before: nil, since: nil, limit: 10)
                    let row = events.first?.row ?? 0
                    if row % 2 != 0 { failures.add("half of a batch was seen") }
                    if row < newest { failures.add("a batch vanished") }
                    newest = row
                }
            }
        }
        #expect(failures.all.isEmpty)
        #expect(try store.reader.events(named: nil, before: nil, since: nil, limit: 1).first?.row == 800)
    }

    @Test("shards commit from threads of their own")
    func shards() throws {
        let directory = try TemporaryDirectory()
        var configuration = SQLiteConfiguration()
        configuration.shardCount = 4
        let store = try SQLiteStore(.directory(directory.newPath()), configuration: configuration)
        defer { store.close() }
        let failures = Failures()
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            failures.catching {
                let shard = ShardID(thread)
                let claimed = try store.claim(shard)
                for number in 1...100 as ClosedRange<UInt64> {
                    try store.commit(
                        Batch(
                            shard: shard, epoch: claimed.epoch, number: number, time: .epoch,
                            writes: [.applied(from: 0, number: number)]
                        )
                    )
                }
            }
        }
        #expect(failures.all.isEmpty)
        for shard in 0..<4 as Range<ShardID> { #expect(try store.claim(shard).batch == 100) }
    }

    @Test("reading while the file is opened again fails cleanly or works")
    func readersAndRecovery() throws {
        let disk = FaultyDisk.shared
        let directory = try TemporaryDirectory()
        let path = directory.newPath()
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        let failures = Failures()
        let isDone = Mutex(false)
        DispatchQueue.concurrentPerform(iterations: 3) { thread in
            failures.catching {
                if thread == 0 {
                    defer { isDone.withLock { $0 = true } }
                    var writer = try TestWriter(store)
                    for _ in 0..<30 {
                        try writer.commitEvent()
                        disk.set(.init(operation: .sync, suffix: ".db-wal", code: FaultyDisk.failedSync), under: path)
                        let isLost = (try? writer.commitEvent()) == nil
                        if !isLost { failures.add("a failed sync went unnoticed") }
                        disk.set(nil, under: path)
                        writer.batch = try store.lastBatch(of: 0, epoch: writer.epoch)
                    }
                    return
                }
                while !isDone.withLock({ $0 }) {
                    do {
                        _ = try store.reader.events(named: nil, before: nil, since: nil, limit: 10)
                    } catch {
                        // The file is closed for a moment.
                        guard case StoreError.unavailable = error else { throw error }
                    }
                }
            }
        }
        #expect(failures.all.isEmpty)
    }
}

/// What went wrong on some thread.
private final class Failures: Sendable {
    private let messages = Mutex<[String]>([])

    var all: [String] { messages.withLock { $0 } }

    func add(_ message: String) {
        messages.withLock { $0.append(message) }
    }

    func catching(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            add(String(describing: error))
        }
    }
}
