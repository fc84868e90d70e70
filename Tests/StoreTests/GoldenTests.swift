import ApusCore
import ApusEngine
import ApusStore
import Foundation
import Testing

@testable import ApusSQLite

/// What released formats look like stays readable for ever.
///
/// The files of the newest format are made by `APUS_WRITE_FIXTURES=1 swift test --filter GoldenTests`,
/// once; files of formats that were released are never made again.
@Suite struct GoldenTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    private static let isWriting = ProcessInfo.processInfo.environment["APUS_WRITE_FIXTURES"] != nil

    /// Turns and messages of one file. The format is 1 since the beginning: kinds were only added.
    struct Journal: Sendable, CustomTestStringConvertible {
        var file: String
        var turns: [Turn]
        var messages: [Message]
        var testDescription: String { file }
    }

    private static let journals = [
        Journal(file: "journal-v1.txt", turns: GoldenValues.turns, messages: GoldenValues.messages),
        Journal(file: "journal-v1-waits.txt", turns: GoldenWaits.turns, messages: GoldenWaits.messages),
        Journal(file: "journal-v1-flow.txt", turns: GoldenFlow.turns, messages: GoldenFlow.messages),
        Journal(file: "journal-v1-gateways.txt", turns: GoldenGateways.turns, messages: []),
        Journal(file: "journal-v1-endpoints.txt", turns: GoldenEndpoints.turns, messages: []),
    ]

    @Test("fixtures of the newest format are made", .enabled(if: isWriting))
    func write() throws {
        try FileManager.default.createDirectory(at: Self.fixtures, withIntermediateDirectories: true)
        let journal = try #require(Self.journals.last)
        let lines =
            journal.turns.map { "turn \(Self.hexadecimal(JournalCodec.encode($0)))" }
            + journal.messages.map { "message \(Self.hexadecimal(MessageCodec.encode($0)))" }
        let url = Self.fixtures.appending(path: journal.file)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
        let directory = try TemporaryDirectory()
        let path = directory.newPath()
        var configuration = SQLiteConfiguration()
        configuration.pageSize = 512
        let store = try SQLiteStore(.directory(path), configuration: configuration)
        try GoldenStore.write(to: store)
        try GoldenWaits.write(to: store)
        try GoldenSchedules.write(to: store)
        try GoldenFlow.write(to: store)
        try GoldenBackfills.write(to: store)
        try GoldenEventSchedules.write(to: store)
        try GoldenReplays.write(to: store)
        try GoldenSpans.write(to: store)
        store.close()
        let file = Self.fixtures.appending(path: "store-v\(Schema.version).db")
        try Data(contentsOf: URL(filePath: path + "/apus.db")).write(to: file)
    }

    @Test(
        "turns and messages of format 1 are read, and written as they were", .disabled(if: isWriting),
        arguments: journals
    )
    func readJournal(journal: Journal) throws {
        var turns: [Turn] = []
        var messages: [Message] = []
        let text = try String(contentsOf: Self.fixtures.appending(path: journal.file), encoding: .utf8)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            let bytes = try #require(Self.bytes(words[1]))
            if words[0] == "turn" {
                turns.append(try JournalCodec.decode(bytes) { _ in GoldenValues.large })
                #expect(turns.last.map(JournalCodec.encode) == bytes)
            } else {
                messages.append(try MessageCodec.decode(bytes))
                #expect(messages.last.map(MessageCodec.encode) == bytes)
            }
        }
        #expect(turns == journal.turns)
        #expect(messages == journal.messages)
    }

    @Test("damaged turns and messages give errors", .disabled(if: isWriting))
    func readDamage() throws {
        for turn in Self.journals.flatMap(\.turns) {
            let bytes = JournalCodec.encode(turn)
            for count in bytes.indices {
                // Cut between two entries, a turn is whole but shorter.
                let cut = try? JournalCodec.decode(Array(bytes[..<count])) { _ in .null }
                #expect(cut.map { $0.entries.count < turn.entries.count } ?? true)
            }
        }
        for message in Self.journals.flatMap(\.messages) {
            let bytes = MessageCodec.encode(message)
            for count in bytes.indices {
                #expect(throws: JournalDecodingError.self) { try MessageCodec.decode(Array(bytes[..<count])) }
            }
        }
        #expect(throws: JournalDecodingError.self) { try MessageCodec.decode([9, 1]) }
        #expect(throws: JournalDecodingError.self) { try MessageCodec.decode([1, 99]) }
    }

    @Test("a store of format 1 is opened, and copied before it is changed", .disabled(if: isWriting))
    func readFirstStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v1.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        try expectGolden(store, epoch: GoldenStore.lastEpoch, batch: GoldenStore.lastBatch)
        let copy = URL(filePath: path + "/apus.db.backup-v1")
        let restored = try SQLiteStore(.directory(try place(copy, in: directory)))
        try expectGolden(restored, epoch: GoldenStore.lastEpoch, batch: GoldenStore.lastBatch)
        restored.close()
        // Nobody listens, and from now on somebody can.
        let claimed = try store.claim(0)
        #expect(claimed.state.topics.isEmpty && claimed.state.looks.events.isEmpty)
        #expect(claimed.state.looks.listeners.isEmpty)
        try GoldenWaits.write(to: store)
        try expectWaits(store)
        store.close()
        let again = try SQLiteStore(.directory(path))
        try expectWaits(again)
        again.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(files.filter { $0.contains("backup") } == ["apus.db.backup-v1"])
    }

    @Test("a store of format 2 is opened, and copied before it is changed", .disabled(if: isWriting))
    func readSecondStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v2.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectGolden(store, epoch: GoldenWaits.lastEpoch, batch: GoldenWaits.lastBatch)
        try expectWaits(store)
        #expect(FileManager.default.fileExists(atPath: path + "/apus.db.backup-v2"))
        try GoldenSchedules.write(to: store)
        try expectSchedules(store)
    }

    @Test("a store of format 3 is opened, and copied before it is changed", .disabled(if: isWriting))
    func readThirdStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v3.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectSchedules(store)
        try expectWaits(store)
        #expect(FileManager.default.fileExists(atPath: path + "/apus.db.backup-v3"))
    }

    @Test("a store of format 4 is opened", .disabled(if: isWriting))
    func readFourthStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v4.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectFlow(store)
        try expectWaits(store)
        try GoldenBackfills.write(to: store)
        try expectBackfills(store)
        try GoldenEventSchedules.write(to: store)
        try expectEventSchedules(store)
        try expectCounts(store)
    }

    @Test("a store of format 8 is opened", .disabled(if: isWriting))
    func readEighthStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v8.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectBackfills(store)
        try expectWaits(store)
        try expectEventSchedules(store)
        try expectCounts(store)
        try GoldenReplays.write(to: store)
        try expectReplays(store)
    }

    @Test("a store of format 9 is opened", .disabled(if: isWriting))
    func readNinthStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v9.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectWaits(store)
        try expectEventSchedules(store)
        try expectReplays(store)
    }

    @Test("a store of format 10 is opened", .disabled(if: isWriting))
    func readTenthStore() throws {
        let directory = try TemporaryDirectory()
        let path = try place(Self.fixtures.appending(path: "store-v10.db"), in: directory)
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectEventSchedules(store)
        #expect(try store.reader.journal(ofRun: GoldenSpans.run)?.turns == [GoldenReplays.turn, GoldenSpans.turn])
        #expect(try store.reader.spans(ofRun: GoldenSpans.run) == GoldenSpans.spans)
        #expect(GoldenSpans.spans.count == 2)
    }

    private func expectReplays(_ store: any Store) throws {
        let reader = store.reader
        #expect(try reader.replays() == [GoldenReplays.paused, GoldenReplays.finished])
        #expect(try reader.runs(repeating: GoldenStore.ended.id).map(\.id) == [GoldenReplays.run.id])
        #expect(try reader.run(id: GoldenReplays.run.id)?.origin == GoldenStore.ended.id)
        #expect(try reader.run(id: GoldenStore.ended.id)?.origin == nil)
        #expect(try reader.journal(ofRun: GoldenReplays.run.id)?.turns == [GoldenReplays.turn])
    }

    private func expectEventSchedules(_ store: any Store) throws {
        let (recurring, once) = (GoldenEventSchedules.recurring, GoldenEventSchedules.once)
        let reader = store.reader
        #expect(try Set(reader.eventSchedules(after: nil, limit: 10)) == [recurring, once])
        #expect(try reader.eventSchedule(recurring.key.id)?.event == GoldenEventSchedules.event)
        #expect(try reader.tickCursors() == [0: GoldenEventSchedules.cursor])
        #expect(try Set(store.claim(0).state.eventSchedules.entries.map(\.state)) == [recurring.state, once.state])
    }

    /// Stores of older formats have counted nothing: their runs are counted when they are opened.
    private func expectCounts(_ store: any Store) throws {
        let all = MinuteParts(from: .epoch, until: .distantFuture, width: 1)
        #expect(try store.reader.runCounts(all, of: nil).map(\.states) == [[.queued: 2, .failed: 1]])
        #expect(try store.reader.runs(RunQuery(states: [.failed]), limit: 10).runs.map(\.row) == [2])
    }

    private func expectBackfills(_ store: any Store) throws {
        let state = try store.claim(0).state
        #expect(state.schedules == GoldenBackfills.schedules)
        #expect(state.backfills == [GoldenBackfills.open])
        #expect(try store.reader.backfills() == [GoldenBackfills.stopped, GoldenBackfills.open.order])
        #expect(Array(state.kept) == GoldenFlow.kept)
    }

    private func expectFlow(_ store: any Store) throws {
        let state = try store.claim(0).state
        #expect(Array(state.kept) == GoldenFlow.kept)
        #expect(state.arrivals == [GoldenFlow.arrival])
        #expect(state.pendings == [GoldenFlow.batch, GoldenFlow.debounce])
        #expect(state.registry.functions[GoldenValues.functionID]?.override == GoldenFlow.limits)
        #expect(state.schedules.map(\.key) == [GoldenSchedules.schedule.key])
        #expect(try store.reader.outcomes(ofEvent: GoldenValues.eventID) == GoldenFlow.outcomes)
        #expect(try store.reader.audit(limit: 10) == [GoldenFlow.entry])
        #expect(try store.reader.cancellations() == [GoldenFlow.order, GoldenSchedules.cancellation])
    }

    private func expectSchedules(_ store: any Store) throws {
        let state = try store.claim(0).state
        #expect(state.schedules == [GoldenSchedules.schedule])
        #expect(state.registry.functions[GoldenValues.functionID]?.pausedAt == GoldenValues.now)
        #expect(try store.reader.cancellations() == [GoldenSchedules.cancellation])
    }

    @Test("the model agrees with the golden values")
    func readModel() throws {
        let store = MemoryStore(shardCount: 1)
        try GoldenStore.write(to: store)
        try expectGolden(store, epoch: GoldenStore.lastEpoch, batch: GoldenStore.lastBatch)
        try GoldenWaits.write(to: store)
        try expectWaits(store)
        try GoldenSchedules.write(to: store)
        try GoldenFlow.write(to: store)
        try GoldenBackfills.write(to: store)
        try expectBackfills(store)
        try GoldenEventSchedules.write(to: store)
        try expectEventSchedules(store)
        try expectCounts(store)
        try GoldenReplays.write(to: store)
        try expectReplays(store)
    }

    /// A directory whose store is one of the files.
    private func place(_ file: URL, in directory: TemporaryDirectory) throws -> String {
        let path = directory.newPath()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: file, to: URL(filePath: path + "/apus.db"))
        return path
    }

    private func expectWaits(_ store: any Store) throws {
        let (paid, late) = (GoldenWaits.paid, "shop/ünïcode 👋")
        let other = EventFacts(name: late, receivedAt: GoldenValues.now, body: .emptyObject)
        let pages = try store.reader.listeners([
            ListenerQuestion(.event(1, paid)), ListenerQuestion(.signal("signal \u{0}", run: 1, number: 4)),
            ListenerQuestion(.event(1, other)), ListenerQuestion(.signal("signal", run: 1, number: 4)),
        ])
        let found = [[GoldenWaits.residual, GoldenWaits.keyed], [GoldenWaits.signal], [GoldenWaits.lookingBack], []]
        #expect(pages.map(\.found) == found)
        let state = try store.claim(0).state
        #expect(state.topics.sorted() == GoldenWaits.rows.map(\.topic).sorted())
        #expect(state.looks.events == [GoldenWaits.pending])
        #expect(state.looks.listeners == [GoldenWaits.lookingBack, GoldenWaits.signal])
        #expect(try store.reader.runID(1) == GoldenValues.runID)
    }

    private func expectGolden(_ store: any Store, epoch: UInt64, batch: UInt64) throws {
        let reader = store.reader
        #expect(store.shardCount == 1)
        #expect(try store.lastBatch(of: 0, epoch: epoch) == batch)
        let sleeping = try #require(try reader.run(1))
        #expect(sleeping.turns == GoldenStore.sleepingTurns)
        #expect(sleeping.events == [GoldenStore.events[0].body])
        #expect(sleeping.projection == GoldenStore.sleepingProjection)
        let ended = try #require(try reader.journal(ofRun: GoldenStore.ended.id))
        #expect(ended.turns == GoldenStore.endedTurns)
        #expect(ended.projection == GoldenStore.endedProjection)
        let run = try #require(try reader.run(id: GoldenStore.ended.id))
        #expect(run.end == GoldenStore.end)
        #expect(run.functionSlug == "shop-confirm")
        #expect(run.eventID == GoldenValues.eventID)
        #expect(run.eventName == "shop/order.placed")
        #expect(run.createdAt == GoldenValues.now)
        #expect(try reader.runs(ofEvent: GoldenValues.eventID).map(\.row) == [1, 2])
        #expect(try reader.runs(RunQuery(), limit: 10).runs.map(\.row) == [2, 1])
        let events = try reader.events(named: nil, before: nil, since: nil, limit: 10)
        #expect(events.map(\.body) == GoldenStore.events.reversed().map(\.body))
        #expect(events.map(\.name) == GoldenStore.events.reversed().map(\.name))
        #expect(events.map(\.receivedAt) == GoldenStore.events.reversed().map(\.receivedAt))
        let started = try reader.functionsStarted(by: [GoldenValues.key], since: .epoch)
        #expect(started == [GoldenValues.key: [GoldenValues.functionID]])
        let wakes = try reader.wakes(of: 0, after: nil, upTo: .distantFuture, limit: 10)
        #expect(wakes.wakes == [Wake(at: GoldenValues.now + .days(30), run: 1)])
        #expect(try reader.quarantined(limit: 10) == [GoldenStore.report])
        let state = try store.claim(0).state
        #expect(state.registry == Registry(apps: [GoldenStore.app], functions: [try GoldenStore.function()]))
        #expect(state.rows == RowCounters(event: 3, run: 3, turn: 5, payload: 2))
        #expect(state.time == GoldenValues.now + .seconds(2))
        #expect(state.unacknowledged.map(\.message) == [GoldenValues.messages[2]])
        #expect(state.nextNumbers == [5: 3])
        #expect(state.applied == [9: 77])
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
