/// A ULID: 48 bits of milliseconds since 1970 and 80 random bits, written as 26 Crockford base 32 characters.
///
/// The order of values is the order of their texts and, for different milliseconds, of their times.
/// Random bits come from outside, because the engine is deterministic; see ``SplitMix64``.
/// Source: github.com/ulid/spec.
public struct ULID: Hashable, Comparable, Sendable {
    /// The time and the first 16 random bits.
    public let high: UInt64
    /// The last 64 random bits.
    public let low: UInt64

    /// Makes an id from its two halves.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an id of a time, of which the low 48 bits count, and 80 random bits.
    @inlinable
    public init(milliseconds: UInt64, random: (UInt16, UInt64)) {
        high = milliseconds << 16 | UInt64(random.0)
        low = random.1
    }

    /// Makes an id from its 16 bytes, most significant first; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard let halves = BigEndian.halves(bytes) else { return nil }
        self.init(high: halves.high, low: halves.low)
    }

    /// The time in the id: milliseconds since 1970, 0 to 2^48 - 1.
    @inlinable
    public var milliseconds: Int64 { Int64(high >> 16) }

    /// The time in the id.
    public var timestamp: Timestamp { Timestamp(milliseconds: milliseconds) }

    /// The 16 bytes of the id, most significant first.
    public var bytes: [UInt8] { BigEndian.bytes(high: high, low: low) }

    /// The order of the 16 bytes, which is that of the texts.
    @inlinable
    public static func < (left: ULID, right: ULID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

// MARK: - Text

extension ULID: LosslessStringConvertible {
    /// Parses the 26 characters of an id in any case.
    ///
    /// Nil for another length, a character outside `0-9 A-Z` without `I L O U`, or a first
    /// character above `7`, which would need more than 128 bits.
    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ ULID(utf8: $0.span.bytes) }) else { return nil }
        self = id
    }

    /// Parses the 26 characters of an id in any case.
    public init?(_ text: some StringProtocol) {
        self.init(String(text))
    }

    /// Parses the 26 characters of an id in any case.
    public init?(utf8 text: RawSpan) {
        guard text.byteCount == 26 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<26 {
            guard let digit = ULID.digit(text.byte(index)), index > 0 || digit <= 7 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | digit
        }
        self.init(high: high, low: low)
    }

    /// The 26 characters in upper case.
    public var description: String {
        String(unsafeUninitializedCapacity: 26) { buffer in
            for index in 0..<26 {
                buffer[index] = character(index)
            }
            return 26
        }
    }

    /// Appends the 26 characters in upper case.
    public func appendText(to text: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 26) { buffer in
            for index in 0..<26 { buffer.initializeElement(at: index, to: character(index)) }
            text.append(contentsOf: buffer)
        }
    }

    @inline(__always)
    private func character(_ index: Int) -> UInt8 {
        // The text has 130 bits: two zero bits, then the 128 of the value. The 14th character holds
        // the last bit of the one half and the first four of the other.
        let bits =
            switch index {
            case ..<13: high &>> UInt64(61 - 5 * index)
            case 13: high << 4 | low >> 60
            default: low &>> UInt64(125 - 5 * index)
            }
        return ULID.alphabet(UInt8(truncatingIfNeeded: bits & 31))
    }

    /// The Crockford character of a value below 32: digits and letters without I, L, O and U.
    @inline(__always)
    private static func alphabet(_ value: UInt8) -> UInt8 {
        let letters: UInt8 = value > 9 ? 7 : 0
        let i: UInt8 = value > 17 ? 1 : 0
        let l: UInt8 = value > 19 ? 1 : 0
        let o: UInt8 = value > 21 ? 1 : 0
        let u: UInt8 = value > 26 ? 1 : 0
        return UInt8(ascii: "0") &+ value &+ letters &+ i &+ l &+ o &+ u
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        if let digit = decimalDigit(byte) {
            return UInt64(digit)
        }
        let value =
            switch byte | 0x20 {
            case UInt8(ascii: "a")...UInt8(ascii: "h"): (byte | 0x20) - 87
            case UInt8(ascii: "j"), UInt8(ascii: "k"): (byte | 0x20) - 88
            case UInt8(ascii: "m"), UInt8(ascii: "n"): (byte | 0x20) - 89
            case UInt8(ascii: "p")...UInt8(ascii: "t"): (byte | 0x20) - 90
            case UInt8(ascii: "v")...UInt8(ascii: "z"): (byte | 0x20) - 91
            default: UInt8.max
            }
        return value == .max ? nil : UInt64(value)
    }
}
