/// The `x-inngest-event-id-seed` header: time and entropy from which a sender's repeated request gets
/// the same internal event ids again.
///
/// The form is `<unix ms>,<base64 of 10 bytes>`. A header that breaks it is ignored by the server.
public struct EventIDSeed: Hashable, Sendable {
    /// The time of every id, milliseconds since 1970, 1 to 2^48 - 1.
    public let milliseconds: UInt64
    /// The first 6 bytes of the entropy, as the low 48 bits.
    public let prefix: UInt64
    /// The last 4 bytes of the entropy, to which the event's position is added.
    public let counter: UInt32

    /// Makes a seed from the header's value; nil unless there is exactly one comma between a positive
    /// decimal number that fits a ULID and padded standard base64 of exactly 10 bytes.
    public init?(_ header: String) {
        let parts = header.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count == 2,
            let milliseconds = EventIDSeed.positiveNumber(parts[0]),
            let entropy = EventIDSeed.tenBytes(parts[1])
        else { return nil }
        self.milliseconds = milliseconds
        prefix = entropy.prefix
        counter = entropy.counter
    }

    /// The internal id of the event at a 1-based position of its request; `/invoke` uses 0.
    ///
    /// The position is added to the last 4 bytes of the entropy modulo 2^32.
    public func id(offset: UInt32) -> ULID {
        let last = UInt64(counter &+ offset)
        return ULID(
            milliseconds: milliseconds,
            random: (UInt16(truncatingIfNeeded: prefix >> 32), prefix << 32 | last)
        )
    }

    private static func positiveNumber(_ text: some Collection<UInt8>) -> UInt64? {
        guard !text.isEmpty else { return nil }
        var number: UInt64 = 0
        for byte in text {
            guard let digit = decimalDigit(byte) else { return nil }
            number = number * 10 + UInt64(digit)
            guard number < 1 << 48 else { return nil }
        }
        return number > 0 ? number : nil
    }

    private static func tenBytes(_ text: some Collection<UInt8>) -> (prefix: UInt64, counter: UInt32)? {
        guard text.count == 16, text.suffix(2).elementsEqual("==".utf8) else { return nil }
        // 14 characters carry 84 bits: 48 of the prefix, 32 of the counter, 4 that must be zero.
        var prefix: UInt64 = 0
        var rest: UInt64 = 0
        for (index, byte) in text.dropLast(2).enumerated() {
            guard let value = base64Value(byte) else { return nil }
            if index < 8 {
                prefix = prefix << 6 | value
            } else {
                rest = rest << 6 | value
            }
        }
        guard rest & 15 == 0 else { return nil }
        return (prefix, UInt32(rest >> 4))
    }

    private static func base64Value(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - 65)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - 71)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte + 4)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
