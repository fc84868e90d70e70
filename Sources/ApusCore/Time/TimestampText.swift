extension Timestamp: CustomStringConvertible {
    /// The same as ``rfc3339``.
    public var description: String { rfc3339 }

    /// The instant in UTC with three decimals, for example `2026-11-21T07:18:45.923Z` (RFC 3339).
    ///
    /// Years outside 0 to 9999, which RFC 3339 cannot write, get a sign and at least six digits as in
    /// ISO 8601: `+010000-01-01T00:00:00.000Z`.
    public var rfc3339: String {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        appendRFC3339(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends ``rfc3339`` as bytes.
    public func appendRFC3339(to text: inout [UInt8]) {
        let (days, time) = milliseconds.flooredDivision(by: 86_400_000)
        let date = CivilDate(daysSinceEpoch: days)
        if (0...9999).contains(date.year) {
            Timestamp.append(date.year, digits: 4, to: &text)
        } else {
            text.append(date.year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            Timestamp.append(abs(date.year), digits: abs(date.year) > 999_999 ? 9 : 6, to: &text)
        }
        text.append(UInt8(ascii: "-"))
        Timestamp.append(date.month, digits: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Timestamp.append(date.day, digits: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Timestamp.append(time / 3_600_000, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Timestamp.append(time / 60_000 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Timestamp.append(time / 1_000 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: "."))
        Timestamp.append(time % 1_000, digits: 3, to: &text)
        text.append(UInt8(ascii: "Z"))
    }

    private static func append(_ number: Int64, digits: Int, to text: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits {
            divisor *= 10
        }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
