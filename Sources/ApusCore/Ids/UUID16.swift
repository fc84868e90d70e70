/// A UUID: 16 bytes, written as `8-4-4-4-12` hexadecimal digits in lower case (RFC 9562).
public struct UUID16: Hashable, Comparable, Sendable {
    /// The first 8 bytes.
    public let high: UInt64
    /// The last 8 bytes.
    public let low: UInt64

    /// Makes an id from its two halves.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an id from its 16 bytes, most significant first; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard let halves = BigEndian.halves(bytes) else { return nil }
        self.init(high: halves.high, low: halves.low)
    }

    /// `00000000-0000-0000-0000-000000000000`.
    public static let zero = UUID16(high: 0, low: 0)
    /// The namespace of object identifiers, `6ba7b812-9dad-11d1-80b4-00c04fd430c8` (RFC 9562 §6.6).
    public static let oid = UUID16(high: 0x6ba7_b812_9dad_11d1, low: 0x80b4_00c0_4fd4_30c8)

    /// The id that names `name` within `namespace`: version 5, from SHA-1.
    public static func v5(namespace: UUID16, name: String) -> UUID16 {
        var hash = SHA1()
        hash.add(namespace.bytes)
        hash.add(name)
        let words = hash.words
        return UUID16(version: 5, high: words.0, low: words.1)
    }

    /// A random id: version 4.
    public static func v4(using generator: inout some RandomNumberGenerator) -> UUID16 {
        UUID16(version: 4, high: generator.next(), low: generator.next())
    }

    private init(version: UInt64, high: UInt64, low: UInt64) {
        self.high = high & ~0xF000 | version << 12
        self.low = low & ~(0b11 << 62) | 0b10 << 62
    }

    /// The 16 bytes of the id, most significant first.
    public var bytes: [UInt8] { BigEndian.bytes(high: high, low: low) }

    /// The order of the 16 bytes, which is that of the texts.
    @inlinable
    public static func < (left: UUID16, right: UUID16) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

// MARK: - Text

extension UUID16: LosslessStringConvertible {
    /// Parses 36 characters with hyphens, in any case; nil for every other form.
    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ UUID16(utf8: $0.span.bytes) }) else { return nil }
        self = id
    }

    /// Parses 36 characters with hyphens, in any case; nil for every other form.
    public init?(_ text: some StringProtocol) {
        self.init(String(text))
    }

    /// Parses 36 characters with hyphens, in any case; nil for every other form.
    public init?(utf8 text: RawSpan) {
        guard text.byteCount == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<36 {
            switch index {
            case 8, 13, 18, 23:
                guard text.byte(index) == UInt8(ascii: "-") else { return nil }
            default:
                guard let digit = Hexadecimal.value(text.byte(index)) else { return nil }
                high = high << 4 | low >> 60
                low = low << 4 | UInt64(digit)
            }
        }
        self.init(high: high, low: low)
    }

    /// The 36 characters in lower case.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        appendText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the 36 characters in lower case.
    public func appendText(to text: inout [UInt8]) {
        Hexadecimal.append(high >> 32, digits: 8, to: &text)
        text.append(UInt8(ascii: "-"))
        Hexadecimal.append(high >> 16, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Hexadecimal.append(high, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Hexadecimal.append(low >> 48, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Hexadecimal.append(low, digits: 12, to: &text)
    }
}
