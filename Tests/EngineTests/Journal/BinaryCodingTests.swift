import ApusCore
import ApusEngine
import Testing

@Suite("Binary coding")
struct BinaryCodingTests {
    @Test(
        "unsigned integers",
        arguments: [
            (0, [0]), (1, [1]), (127, [0x7f]), (128, [0x80, 1]), (300, [0xac, 2]),
            (.max, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] as [(UInt64, [UInt8])]
    )
    func unsigned(value: UInt64, bytes: [UInt8]) throws {
        var writer = BinaryWriter()
        writer.unsigned(value)
        #expect(writer.bytes == bytes)
        var reader = BinaryReader(bytes)
        #expect(try reader.unsigned() == value)
        #expect(reader.isAtEnd)
    }

    @Test(
        "signed integers stay short near zero",
        arguments: [(0, 1), (-1, 1), (63, 1), (-64, 1), (64, 2), (.max, 10), (.min, 10)] as [(Int64, Int)]
    )
    func signed(value: Int64, count: Int) throws {
        var writer = BinaryWriter()
        writer.signed(value)
        #expect(writer.bytes.count == count)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.signed() == value)
    }

    @Test("everything else comes back as it was written")
    func roundTrip() throws {
        var writer = BinaryWriter()
        writer.byte(7)
        writer.flag(true)
        writer.flag(false)
        writer.fixed(0x0123_4567_89ab_cdef)
        writer.blob([1, 2, 3])
        writer.blob([])
        writer.text("größer 😀")
        writer.text("")
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.byte() == 7)
        #expect(try reader.flag())
        #expect(try !reader.flag())
        #expect(try reader.fixed() == 0x0123_4567_89ab_cdef)
        #expect(try reader.blob() == [1, 2, 3])
        #expect(try reader.blob() == [])
        #expect(try reader.text() == "größer 😀")
        #expect(try reader.text() == "")
        #expect(reader.isAtEnd)
        #expect(reader.offset == writer.bytes.count)
    }

    @Test("random integers come back")
    func randomIntegers() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<2_000 {
            let value = random.next() >> random.below(64)
            var writer = BinaryWriter()
            writer.unsigned(value)
            writer.signed(Int64(bitPattern: value))
            var reader = BinaryReader(writer.bytes)
            #expect(try reader.unsigned() == value)
            #expect(try reader.signed() == Int64(bitPattern: value))
        }
    }

    @Test(
        "damage is an error",
        arguments: [
            [], [0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
        ] as [[UInt8]]
    )
    func damage(bytes: [UInt8]) {
        #expect(throws: JournalDecodingError.self) {
            var reader = BinaryReader(bytes)
            _ = try reader.unsigned()
        }
        #expect(throws: JournalDecodingError.self) {
            var reader = BinaryReader(bytes)
            _ = try reader.blob()
        }
        #expect(throws: JournalDecodingError.self) {
            var reader = BinaryReader(Array(bytes.prefix(7)))
            _ = try reader.fixed()
        }
    }

    @Test(
        "a length beyond the end is an error, however large it claims to be", arguments: [4, 1 << 40, .max] as [UInt64])
    func length(count: UInt64) {
        var writer = BinaryWriter()
        writer.unsigned(count)
        for byte in 1...3 as ClosedRange<UInt8> { writer.byte(byte) }
        var reader = BinaryReader(writer.bytes)
        #expect(throws: JournalDecodingError.self) { try reader.blob() }
    }

    @Test("an integer that does not fit its type is an error")
    func narrow() throws {
        var writer = BinaryWriter()
        writer.unsigned(65_536)
        var reader = BinaryReader(writer.bytes)
        let error = #expect(throws: JournalDecodingError.self) { try reader.integer(UInt16.self) }
        #expect(error?.description == "unreadable journal entry at byte 3: integer 65536 out of range")
        reader = BinaryReader(writer.bytes)
        #expect(try reader.integer(UInt32.self) == 65_536)
    }
}
