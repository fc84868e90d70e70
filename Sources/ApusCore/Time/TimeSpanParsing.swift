/// Why a text is no duration. The description is the text that the protocol's other server prints.
public struct TimeSpanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Reason: Hashable, Sendable {
        /// The text does not follow the grammar, or the span is beyond ± 292 years.
        case invalid
        /// A number stands without a unit.
        case missingUnit
        /// A number is followed by something that is no unit.
        case unknownUnit(String)
    }

    /// What was wrong.
    public var reason: Reason
    /// The text that was parsed.
    public var text: String

    /// Makes an error about `text`.
    public init(_ reason: Reason, text: String) {
        self.reason = reason
        self.text = text
    }

    /// For example `time: unknown unit "x" in duration "1x"`; long texts are shortened.
    public var description: String {
        let quoted = QuotedText.quote(text)
        return switch reason {
        case .invalid: "time: invalid duration \(quoted)"
        case .missingUnit: "time: missing unit in duration \(quoted)"
        case .unknownUnit(let unit): "time: unknown unit \(QuotedText.quote(unit)) in duration \(quoted)"
        }
    }
}

extension TimeSpan {
    /// Which units a duration text may use.
    public enum Units: Sendable {
        /// `ns us µs μs ms s m h`, and `d` (24 h) and `w` (168 h).
        case full
        /// The same without `d` and `w`.
        case go

        fileprivate func nanoseconds(_ name: Substring.UTF8View) -> UInt64? {
            switch String(Substring(name)) {
            case "ns": 1
            case "us", "\u{B5}s", "\u{3BC}s": 1_000
            case "ms": 1_000_000
            case "s": 1_000_000_000
            case "m": 60_000_000_000
            case "h": 3_600_000_000_000
            case "d" where self == .full: 86_400_000_000_000
            case "w" where self == .full: 604_800_000_000_000
            default: nil
            }
        }
    }

    /// Parses `[+-]? ( digits? ["." digits?] unit )+` or `0`, for example `1.5h`, `-30m1h`, `1w2d`.
    ///
    /// Units are case-sensitive, may repeat and come in any order; spaces are not allowed. Digits
    /// below a nanosecond are cut off.
    ///
    /// - Throws: ``TimeSpanError`` when the text breaks the grammar or the span overflows.
    public init(parsing text: String, units: Units = .full) throws(TimeSpanError) {
        var rest = text.utf8[...]
        let negative = rest.first == UInt8(ascii: "-")
        if negative || rest.first == UInt8(ascii: "+") {
            rest.removeFirst()
        }
        if rest.elementsEqual("0".utf8) {
            self = .zero
            return
        }
        guard !rest.isEmpty else { throw TimeSpanError(.invalid, text: text) }

        // The magnitude may reach 2^63, which only a negative span can use.
        let limit = UInt64(1) << 63
        var total: UInt64 = 0
        while !rest.isEmpty {
            let part = try TimeSpan.parsePart(&rest, units: units, of: text)
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow, sum <= limit else { throw TimeSpanError(.invalid, text: text) }
            total = sum
        }
        if negative {
            nanoseconds = total == limit ? .min : -Int64(total)
        } else {
            guard total < limit else { throw TimeSpanError(.invalid, text: text) }
            nanoseconds = Int64(total)
        }
    }

    /// Parses one `digits? ["." digits?] unit` and answers its length in nanoseconds, at most 2^63.
    private static func parsePart(
        _ rest: inout Substring.UTF8View,
        units: Units,
        of text: String
    ) throws(TimeSpanError) -> UInt64 {
        let invalid = TimeSpanError(.invalid, text: text)
        let limit = UInt64(1) << 63

        var whole: UInt64 = 0
        var hasDigits = false
        while let digit = rest.first.flatMap(decimalDigit) {
            let (tens, high) = whole.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            guard !high, !carry, sum <= limit else { throw invalid }
            whole = sum
            hasDigits = true
            rest.removeFirst()
        }

        var fraction: UInt64 = 0
        var scale = 1.0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            var exact = true
            while let digit = rest.first.flatMap(decimalDigit) {
                // Digits beyond the precision of 63 bits cannot change the result.
                exact = exact && fraction <= (limit - 1) / 10 - 1
                if exact {
                    fraction = fraction * 10 + UInt64(digit)
                    scale *= 10
                }
                hasDigits = true
                rest.removeFirst()
            }
        }
        guard hasDigits else { throw invalid }

        let name = rest.prefix { $0 != UInt8(ascii: ".") && decimalDigit($0) == nil }
        guard !name.isEmpty else { throw TimeSpanError(.missingUnit, text: text) }
        guard let unit = units.nanoseconds(name) else {
            throw TimeSpanError(.unknownUnit(String(Substring(name))), text: text)
        }
        rest = rest[name.endIndex...]

        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow, product <= limit else { throw invalid }
        let below = UInt64(Double(fraction) * (Double(unit) / scale))
        guard product + below <= limit else { throw invalid }
        return product + below
    }
}

/// The value of an ASCII digit.
@inline(__always)
func decimalDigit(_ byte: UInt8) -> UInt8? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? value : nil
}
