/// A fast 64-bit hash that never changes: not between processes, machines or releases.
///
/// It decides which shard owns a value and finds dedupe keys, so its results are stored. It does not
/// withstand somebody who looks for collisions; use ``wide(_:)`` where that matters. Each word is
/// mixed by a full 128-bit product, folded by exclusive or.
///
/// ```swift
/// var hash = StableHash()
/// hash.combine(environment)
/// hash.combine("order-17")
/// let home = hash.value % shards
/// ```
public struct StableHash: Sendable {
    private var state: UInt64

    // Odd constants with 32 set bits each, so that neither factor of a product is degenerate.
    private static let first: UInt64 = 0xa076_1d64_78bd_642f
    private static let second: UInt64 = 0xe703_7ed1_a0b4_28db

    /// Starts a hash; different seeds give independent hashes.
    public init(seed: UInt64 = 0) {
        state = StableHash.mix(seed ^ StableHash.first, StableHash.second)
    }

    /// The hash of bytes.
    public static func of(_ bytes: [UInt8]) -> UInt64 {
        var hash = StableHash()
        hash.combine(bytes.span.bytes)
        return hash.value
    }

    /// The hash of a text's UTF-8; equals the hash of those bytes.
    public static func of(_ text: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(text)
        return hash.value
    }

    /// The first 16 bytes of SHA-256, most significant first: for keys that a sender might try to
    /// make collide.
    public static func wide(_ bytes: [UInt8]) -> UInt128 {
        let words = SHA256.hash(bytes).words
        return UInt128(words.0) << 64 | UInt128(words.1)
    }

    /// Adds a number.
    public mutating func combine(_ word: UInt64) {
        state = StableHash.mix(state ^ word, StableHash.second)
    }

    /// Adds bytes and their count, so that `"a", "bc"` differs from `"ab", "c"`.
    public mutating func combine(_ bytes: [UInt8]) {
        combine(bytes.span.bytes)
    }

    /// Adds the UTF-8 of a text and its length.
    public mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { combine($0.span.bytes) }
    }

    private mutating func combine(_ bytes: RawSpan) {
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = StableHash.mix(state ^ UInt64(littleEndian: word), StableHash.second)
            offset += 8
        }
        var rest: UInt64 = 0
        for index in offset..<bytes.byteCount {
            rest = rest << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
        }
        let count = UInt64(truncatingIfNeeded: bytes.byteCount)
        state = StableHash.mix(state ^ rest, StableHash.second ^ count)
    }

    /// The hash of everything added so far.
    public var value: UInt64 {
        StableHash.mix(state ^ StableHash.first, state ^ StableHash.second)
    }

    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
