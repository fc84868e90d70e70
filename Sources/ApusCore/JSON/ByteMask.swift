/// Tests on the eight bytes of a word at once.
///
/// A result has the top bit of each matching byte set. Bytes after the first match may be marked
/// wrongly, because borrows run upwards; only the lowest mark is to be used.
enum ByteMask {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The bytes that equal `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & tops
    }

    /// The bytes below `limit`, which is at most 128.
    @inline(__always)
    static func below(_ word: UInt64, _ limit: UInt8) -> UInt64 {
        (word &- ones &* UInt64(limit)) & ~word & tops
    }

    /// The bytes that may not stand for themselves in a string: quotes, backslashes and controls.
    @inline(__always)
    static func special(_ word: UInt64) -> UInt64 {
        below(word, 0x20) | equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\"))
    }

    /// The index of the lowest marked byte, 0 to 7; 8 when there is none.
    @inline(__always)
    static func firstIndex(_ mask: UInt64) -> Int {
        mask.trailingZeroBitCount >> 3
    }
}
