/// Writes the compact binary form in which journal entries are stored: little-endian base-128
/// integers and length-prefixed bytes.
package struct BinaryWriter {
    package private(set) var bytes: [UInt8] = []

    package init(reserving capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func byte(_ value: UInt8) {
        bytes.append(value)
    }

    package mutating func flag(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    package mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Zigzag, so that small negative numbers stay small.
    package mutating func signed(_ value: Int64) {
        unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Eight bytes; for values without small ones, such as hashes and ids.
    package mutating func fixed(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func blob(_ value: [UInt8]) {
        unsigned(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            unsigned(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }
}

/// Reads what `BinaryWriter` wrote. Every read is bounds-checked: a damaged store gives an error.
package struct BinaryReader {
    private let bytes: [UInt8]
    package private(set) var offset = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var isAtEnd: Bool { offset == bytes.count }

    package mutating func byte() throws(JournalDecodingError) -> UInt8 {
        guard offset < bytes.count else { throw JournalDecodingError(offset: offset, reason: "unexpected end") }
        defer { offset += 1 }
        return bytes[offset]
    }

    package mutating func flag() throws(JournalDecodingError) -> Bool {
        try byte() != 0
    }

    package mutating func unsigned() throws(JournalDecodingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else {
                throw JournalDecodingError(offset: offset, reason: "integer too large")
            }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    package mutating func signed() throws(JournalDecodingError) -> Int64 {
        let raw = try unsigned()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    package mutating func fixed() throws(JournalDecodingError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(try byte()) << shift }
        return value
    }

    /// An integer that must fit a narrower type.
    package mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(JournalDecodingError) -> Value {
        let raw = try unsigned()
        guard let value = Value(exactly: raw) else {
            throw JournalDecodingError(offset: offset, reason: "integer \(raw) out of range")
        }
        return value
    }

    package mutating func blob() throws(JournalDecodingError) -> [UInt8] {
        let count = try unsigned()
        guard count <= UInt64(bytes.count - offset) else {
            throw JournalDecodingError(offset: offset, reason: "unexpected end")
        }
        defer { offset += Int(count) }
        return Array(bytes[offset..<offset + Int(count)])
    }

    package mutating func text() throws(JournalDecodingError) -> String {
        String(decoding: try blob(), as: UTF8.self)
    }
}

/// A journal row that cannot be read: damage, or a format newer than this program.
package struct JournalDecodingError: Error, Hashable, CustomStringConvertible {
    package var offset: Int
    package var reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "unreadable journal entry at byte \(offset): \(reason)" }
}
