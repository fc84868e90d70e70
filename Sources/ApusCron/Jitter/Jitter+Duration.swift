extension Jitter {
    /// The units of a duration in nanoseconds.
    private static let units: [String: UInt64] = [
        "ns": 1, "us": 1_000, "\u{B5}s": 1_000, "\u{3BC}s": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
        "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000, "w": 604_800_000_000_000,
    ]

    /// Reads `[+-]? ( digits? ["." digits?] unit )+` or `0`, for example `1m30s` or `1.5s`.
    ///
    /// Units are case-sensitive, may repeat and come in any order; spaces are not allowed.
    ///
    /// - Returns: The length in nanoseconds, digits below them cut off; nil if the text breaks the
    ///   grammar or the length is beyond 292 years.
    static func nanoseconds(_ text: String) -> Int64? {
        var rest = text.unicodeScalars[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" {
            rest.removeFirst()
        }
        if rest.elementsEqual(["0"]) {
            return 0
        }
        guard !rest.isEmpty else { return nil }
        var total: UInt64 = 0
        while !rest.isEmpty {
            guard let part = readPart(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            // One bound for both signs; the limits of a jitter are far below.
            guard !overflow, sum <= UInt64(Int64.max) else { return nil }
            total = sum
        }
        return isNegative ? -Int64(total) : Int64(total)
    }

    private static func readPart(_ rest: inout Substring.UnicodeScalarView) -> UInt64? {
        let whole = rest.prefix(while: isDigit)
        rest = rest[whole.endIndex...]
        var fraction = rest[rest.startIndex..<rest.startIndex]
        if rest.first == "." {
            rest.removeFirst()
            fraction = rest.prefix(while: isDigit)
            rest = rest[fraction.endIndex...]
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        let name = rest.prefix { !isDigit($0) && $0 != "." }
        rest = rest[name.endIndex...]
        guard let unit = units[String(name)], let count = whole.isEmpty ? 0 : UInt64(String(whole)) else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        // Eighteen digits are worth more than a nanosecond even of a week.
        var (sum, scale): (UInt128, UInt128) = (0, 1)
        for digit in fraction.prefix(18) {
            sum = sum * 10 + UInt128(digit.value - 48)
            scale *= 10
        }
        let (length, carry) = product.addingReportingOverflow(UInt64(sum * UInt128(unit) / scale))
        return carry ? nil : length
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar)
    }
}
