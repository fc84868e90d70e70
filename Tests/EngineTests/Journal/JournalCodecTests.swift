import ApusCore
import Foundation
import Testing

@testable import ApusEngine

@Suite("The stored form of a journal")
struct JournalCodecTests {
    private static let iterations =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) } ?? 3_000

    private func decode(_ bytes: [UInt8]) throws(JournalDecodingError) -> Turn {
        try JournalCodec.decode(bytes) { row in .int(row) }
    }

    @Test("an entry of every kind comes back as it was written", arguments: JournalSamples.entries)
    func everyKind(entry: JournalEntry) throws {
        let turn = Turn(at: CoreHarness.start, entries: [entry])
        #expect(try decode(JournalCodec.encode(turn)) == turn)
    }

    @Test("a turn of all entries comes back in order")
    func wholeTurn() throws {
        let turn = Turn(at: CoreHarness.start, entries: JournalSamples.entries)
        #expect(try decode(JournalCodec.encode(turn)) == turn)
        #expect(try decode(JournalCodec.encode(Turn(at: .epoch, entries: []))) == Turn(at: .epoch, entries: []))
    }

    @Test("times before the turn and far after it come back", arguments: [.min, -1, 0, 1, .max] as [Int64])
    func times(milliseconds: Int64) throws {
        let job = Job(
            number: 1, key: .start, kind: .discovery, due: Timestamp(milliseconds: milliseconds), stackPosition: 0
        )
        for at in [.min, -5, 0, 1_750_000_000_000, .max] as [Int64] {
            let turn = Turn(at: Timestamp(milliseconds: at), entries: [.scheduled(job)])
            #expect(try decode(JournalCodec.encode(turn)) == turn)
        }
    }

    @Test("a step costs few bytes beside its result")
    func size() {
        let step = id("a")
        let result = StepResult(
            step: step, outcome: .completed, memo: Payload(.null), label: StepLabel(name: "a", kind: .run)
        )
        let next = Job(number: 1, key: .after(step), kind: .discovery, due: CoreHarness.start, stackPosition: 1)
        let turn = Turn(
            at: CoreHarness.start,
            entries: [
                .answered(job: 0, version: nil), .stepFinished(result), .scheduled(next),
                .called(job: 1, generation: 1),
            ]
        )
        #expect(JournalCodec.encode(turn).count <= 80)
    }

    // The bytes of format 1; they must stay readable for ever. A change here needs a new format number.
    @Test("format 1 is what it was")
    func golden() throws {
        let bytes = JournalCodec.encode(Turn(at: CoreHarness.start, entries: JournalSamples.entries))
        let text = bytes.map { String(format: "%02x", $0) }.joined()
        #expect(text == JournalSamples.golden)
    }

    @Test("the payload rows of a turn are found")
    func payloadRows() throws {
        let memo = StepResult(
            step: id("a"), outcome: .completed, memo: Payload(json("1"), row: 5), label: StepLabel(name: "", kind: .run)
        )
        let end = RunEnd(status: .completed, output: Payload(json("2"), row: 9))
        let turn = Turn(at: .epoch, entries: [.stepFinished(memo), .finished(end)])
        #expect(try JournalCodec.payloadRows(in: JournalCodec.encode(turn)) == [5, 9])
        let small = Turn(at: .epoch, entries: [.finished(RunEnd(status: .completed, output: Payload(json("2"))))])
        #expect(try JournalCodec.payloadRows(in: JournalCodec.encode(small)) == [])
    }

    // MARK: Damage

    @Test("a payload that is missing is an error that names it")
    func missingPayload() {
        let end = RunEnd(status: .completed, output: Payload(json("2"), row: 9))
        let bytes = JournalCodec.encode(Turn(at: .epoch, entries: [.finished(end)]))
        let error = #expect(throws: JournalDecodingError.self) { try JournalCodec.decode(bytes) { _ in nil } }
        #expect(error?.reason == "payload 9 is missing")
    }

    @Test("a newer format is an error that says so")
    func newerFormat() {
        let error = #expect(throws: JournalDecodingError.self) { try decode([2, 0]) }
        #expect(error?.reason == "format 2, this program reads 1")
    }

    @Test(
        "unknown kinds are errors",
        arguments: [[1, 0, 0], [1, 0, 99], [1, 0, 6, 2, 97, 9], [1, 0, 11, 4]] as [[UInt8]])
    func unknownKind(bytes: [UInt8]) {
        #expect(throws: JournalDecodingError.self) { try decode(bytes) }
    }

    @Test("values that are not JSON are errors")
    func damagedJSON() {
        let turn = Turn(at: .epoch, entries: [.attemptFailed(job: 1, retryAt: .epoch, error: json("123456"))])
        var bytes = JournalCodec.encode(turn)
        bytes[bytes.count - 3] = UInt8(ascii: "x")
        #expect(throws: JournalDecodingError.self) { try decode(bytes) }
    }

    @Test("an entry that is cut off anywhere is an error with a place inside it", arguments: JournalSamples.entries)
    func cutOff(entry: JournalEntry) throws {
        let bytes = JournalCodec.encode(Turn(at: .epoch, entries: [entry]))
        let empty = JournalCodec.encode(Turn(at: .epoch, entries: [])).count
        for count in bytes.indices where count != empty {
            let cut = Array(bytes.prefix(count))
            let error = #expect(throws: JournalDecodingError.self) { try decode(cut) }
            #expect((0...count).contains(error?.offset ?? -1))
        }
    }

    @Test("random bytes are read or refused, and what was read can be written and read again")
    func fuzz() {
        for seed in 0..<Self.iterations {
            var random = SplitMix64(seed: seed)
            var bytes: [UInt8]
            if seed % 2 == 0 {
                bytes = (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                if !bytes.isEmpty { bytes[0] = JournalCodec.format }
            } else {
                bytes = damaged(&random)
            }
            guard let turn = try? decode(bytes) else { continue }
            let again = JournalCodec.encode(turn)
            #expect((try? decode(again)) == turn, "seed \(seed): \(bytes)")
        }
    }

    /// A turn of a few entries in which a few bytes are changed, doubled or missing.
    private func damaged(_ random: inout SplitMix64) -> [UInt8] {
        let entries = (0...random.below(3)).map { _ in
            JournalSamples.entries[Int(random.below(UInt64(JournalSamples.entries.count)))]
        }
        var bytes = JournalCodec.encode(Turn(at: CoreHarness.start, entries: entries))
        for _ in 0...random.below(3) where bytes.count > 2 {
            let place = 1 + Int(random.below(UInt64(bytes.count - 1)))
            switch random.below(4) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2: bytes.insert(bytes[place], at: place)
            default: bytes.remove(at: place)
            }
        }
        return bytes
    }
}
