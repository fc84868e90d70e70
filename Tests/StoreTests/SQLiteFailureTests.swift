import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore
import Testing

/// What the store does when the disk does not do its part.
@Suite struct SQLiteFailureTests {
    private let disk = FaultyDisk.shared
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("a failed sync leaves the outcome open until the file was opened again", arguments: [0, 1])
    func failedSync(goodBefore: Int) throws {
        let (store, path) = try open()
        defer { store.close() }
        var writer = try TestWriter(store)
        for _ in 0..<goodBefore { try writer.commitEvent() }
        disk.set(.init(operation: .sync, suffix: ".db-wal", code: FaultyDisk.failedSync), under: path)
        let lost = writer.event()
        expectUnavailable { () throws(StoreError) in try writer.commit([.event(lost)]) }
        disk.set(nil, under: path)
        // The handle is not trusted any more, although the disk is well again.
        expectUnavailable { () throws(StoreError) in try writer.commit([.event(lost)]) }
        let last = try store.lastBatch(of: 0, epoch: writer.epoch)
        let landed = try store.reader.event(id: lost.id) != nil
        #expect(last == writer.batch + (landed ? 1 : 0))
        writer.batch = last
        if !landed { try writer.commit([.event(lost)]) }
        try writer.commitEvent()
        #expect(try store.reader.event(id: lost.id)?.row == lost.row)
        #expect(try store.synchronousLevel == 2)
    }

    @Test("a full disk is unavailable, and well again when there is room")
    func fullDisk() throws {
        let (store, path) = try open()
        defer { store.close() }
        var writer = try TestWriter(store)
        try writer.commitEvent()
        disk.set(.init(operation: .write, suffix: ".db-wal", code: FaultyDisk.full), under: path)
        let event = writer.event()
        for _ in 0..<3 { expectUnavailable { () throws(StoreError) in try writer.commit([.event(event)]) } }
        // Reading goes on.
        #expect(try store.reader.events(named: nil, before: nil, since: nil, limit: 9).count == 1)
        disk.set(nil, under: path)
        #expect(try store.lastBatch(of: 0, epoch: writer.epoch) == writer.batch)
        try writer.commit([.event(event)])
        #expect(try store.reader.events(named: nil, before: nil, since: nil, limit: 9).count == 2)
    }

    @Test("a store that cannot be opened again says so until it can")
    func failedRecovery() throws {
        let (store, path) = try open()
        defer { store.close() }
        var writer = try TestWriter(store)
        try writer.commitEvent()
        disk.set(.init(operation: .write, suffix: ".db-wal", code: FaultyDisk.failedWrite), under: path)
        expectUnavailable { () throws(StoreError) in try writer.commitEvent() }
        disk.set(.init(operation: .sync, suffix: ".db", code: FaultyDisk.failedSync), under: path)
        for _ in 0..<3 {
            expectUnavailable { () throws(StoreError) in _ = try store.lastBatch(of: 0, epoch: writer.epoch) }
            expectUnavailable { () throws(StoreError) in try writer.commitEvent() }
        }
        disk.set(nil, under: path)
        #expect(try store.lastBatch(of: 0, epoch: writer.epoch) == writer.batch)
        try writer.commitEvent()
        #expect(try store.reader.events(named: nil, before: nil, since: nil, limit: 9).count == 2)
    }

    @Test("a claim recovers as well")
    func claimRecovers() throws {
        let (store, path) = try open()
        defer { store.close() }
        var writer = try TestWriter(store)
        try writer.commitEvent()
        disk.set(.init(operation: .write, suffix: ".db-wal", code: FaultyDisk.full), under: path)
        expectUnavailable { () throws(StoreError) in try writer.commitEvent() }
        expectUnavailable { () throws(StoreError) in _ = try store.claim(0) }
        disk.set(nil, under: path)
        let claimed = try store.claim(0)
        #expect(claimed.batch == 1)
        #expect(claimed.epoch > writer.epoch)
    }

    @Test("a log that cannot be copied stops the next commit and loses nothing")
    func failedCheckpoint() throws {
        let (store, path) = try open { $0.checkpointBytes = 64 << 10 }
        defer { store.close() }
        var writer = try TestWriter(store)
        disk.set(.init(operation: .sync, suffix: ".db", code: FaultyDisk.failedSync), under: path)
        var committed: [ULID] = []
        // The log is copied beside the writer, so the failure shows a few commits later.
        for _ in 0..<10_000 {
            let event = writer.event()
            do throws(StoreError) {
                try writer.commit([.event(event)])
                committed.append(event.id)
            } catch {
                break
            }
        }
        #expect(committed.count < 10_000)
        disk.set(nil, under: path)
        #expect(try store.lastBatch(of: 0, epoch: writer.epoch) == UInt64(committed.count))
        try writer.commitEvent()
        for id in committed { #expect(try store.reader.event(id: id) != nil) }
    }

    @Test("the bound on the file acts as a full disk does")
    func boundedFile() throws {
        let (store, _) = try open()
        defer { store.close() }
        var writer = try TestWriter(store)
        try store.limitFile(to: 1 << 20)
        var failure: StoreError?
        while failure == nil, writer.batch < 1_000 {
            do throws(StoreError) {
                try writer.commit((0..<10).map { _ in .event(writer.event(bytes: 1_000)) })
            } catch {
                failure = error
            }
        }
        guard case .unavailable? = failure else {
            Issue.record("the store took \(writer.batch) batches: \(String(describing: failure))")
            return
        }
        #expect(try store.lastBatch(of: 0, epoch: writer.epoch) == writer.batch)
        expectUnavailable { () throws(StoreError) in
            try writer.commit((0..<10).map { _ in .event(writer.event(bytes: 1_000)) })
        }
        try store.limitFile(to: 2 << 20)
        #expect(try store.lastBatch(of: 0, epoch: writer.epoch) == writer.batch)
        try writer.commit((0..<10).map { _ in .event(writer.event(bytes: 1_000)) })
    }

    // MARK: -

    private func open(
        _ change: (inout SQLiteConfiguration) -> Void = { _ in }
    ) throws -> (store: SQLiteStore, path: String) {
        var configuration = SQLiteConfiguration()
        change(&configuration)
        let path = directory.newPath()
        return (try SQLiteStore(.directory(path), configuration: configuration), path)
    }

    private func expectUnavailable(
        _ body: () throws(StoreError) -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do throws(StoreError) {
            try body()
            Issue.record("the store is available", sourceLocation: sourceLocation)
        } catch {
            guard case .unavailable = error else {
                Issue.record("the store answers \(error)", sourceLocation: sourceLocation)
                return
            }
        }
    }
}

/// Commits events, as the owner of shard 0.
struct TestWriter {
    let store: any Store
    let epoch: UInt64
    var batch: UInt64
    private var rows: RowCounters
    private var random = SplitMix64(seed: 3)
    private var now = Timestamp(milliseconds: 1_700_000_000_000)

    init(_ store: any Store) throws {
        self.store = store
        let claimed = try store.claim(0)
        epoch = claimed.epoch
        batch = claimed.batch
        rows = claimed.state.rows
    }

    mutating func event(_ name: String = "test/event", bytes: Int = 10) -> EventRow {
        now += .milliseconds(1)
        return EventRow(
            row: draw(&rows.event), id: random.nextULID(now: now), key: nil, name: name, receivedAt: now,
            body: .string(String(repeating: "x", count: bytes))
        )
    }

    mutating func commit(_ writes: [Write]) throws(StoreError) {
        try store.commit(Batch(shard: 0, epoch: epoch, number: batch + 1, time: now, writes: writes))
        batch += 1
    }

    mutating func commitEvent() throws(StoreError) {
        try commit([.event(event())])
    }
}
