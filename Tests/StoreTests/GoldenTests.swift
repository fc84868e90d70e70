import ApusCore
import ApusEngine
import ApusSQLite
import ApusStore
import Foundation
import Testing

/// What released formats look like stays readable for ever.
///
/// The files are made by `APUS_WRITE_FIXTURES=1 swift test --filter GoldenTests`, once for each new
/// format; files of formats that were released are never made again.
@Suite struct GoldenTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    private static let journal = fixtures.appending(path: "journal-v1.txt")
    private static let store = fixtures.appending(path: "store-v1.db")
    private static let isWriting = ProcessInfo.processInfo.environment["APUS_WRITE_FIXTURES"] != nil

    @Test("fixtures of the newest format are made", .enabled(if: isWriting))
    func write() throws {
        try FileManager.default.createDirectory(at: Self.fixtures, withIntermediateDirectories: true)
        let lines =
            GoldenValues.turns.map { "turn \(Self.hexadecimal(JournalCodec.encode($0)))" }
            + GoldenValues.messages.map { "message \(Self.hexadecimal(MessageCodec.encode($0)))" }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: Self.journal)
        let directory = try TemporaryDirectory()
        let path = directory.newPath()
        var configuration = SQLiteConfiguration()
        configuration.pageSize = 512
        let store = try SQLiteStore(.directory(path), configuration: configuration)
        try GoldenStore.write(to: store)
        store.close()
        try Data(contentsOf: URL(filePath: path + "/apus.db")).write(to: Self.store)
    }

    @Test("turns and messages of format 1 are read", .disabled(if: isWriting))
    func readJournal() throws {
        var turns: [Turn] = []
        var messages: [Message] = []
        for line in try String(contentsOf: Self.journal, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            let bytes = try #require(Self.bytes(words[1]))
            if words[0] == "turn" {
                turns.append(try JournalCodec.decode(bytes) { _ in GoldenValues.large })
            } else {
                messages.append(try MessageCodec.decode(bytes))
            }
        }
        #expect(turns == GoldenValues.turns)
        #expect(messages == GoldenValues.messages)
    }

    @Test("damaged turns and messages give errors", .disabled(if: isWriting))
    func readDamage() throws {
        for turn in GoldenValues.turns {
            let bytes = JournalCodec.encode(turn)
            for count in bytes.indices {
                // Cut between two entries, a turn is whole but shorter.
                let cut = try? JournalCodec.decode(Array(bytes[..<count])) { _ in .null }
                #expect(cut.map { $0.entries.count < turn.entries.count } ?? true)
            }
        }
        for message in GoldenValues.messages {
            let bytes = MessageCodec.encode(message)
            for count in bytes.indices {
                #expect(throws: JournalDecodingError.self) { try MessageCodec.decode(Array(bytes[..<count])) }
            }
        }
        #expect(throws: JournalDecodingError.self) { try MessageCodec.decode([9, 1]) }
        #expect(throws: JournalDecodingError.self) { try MessageCodec.decode([1, 99]) }
    }

    @Test("a store of format 1 is opened", .disabled(if: isWriting))
    func readStore() throws {
        let directory = try TemporaryDirectory()
        let path = directory.newPath()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.store, to: URL(filePath: path + "/apus.db"))
        let store = try SQLiteStore(.directory(path))
        defer { store.close() }
        try expectGolden(store)
    }

    @Test("the model agrees with the golden values")
    func readModel() throws {
        let store = MemoryStore(shardCount: 1)
        try GoldenStore.write(to: store)
        try expectGolden(store)
    }

    private func expectGolden(_ store: any Store) throws {
        let reader = store.reader
        #expect(store.shardCount == 1)
        #expect(try store.lastBatch(of: 0, epoch: GoldenStore.lastEpoch) == GoldenStore.lastBatch)
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
        #expect(try reader.latestRuns(before: nil, limit: 10).map(\.row) == [2, 1])
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
