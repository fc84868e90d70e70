import ApusCore

/// Conversions between types.
enum Conversion {
    /// The value as the type that the function is named after, or an error when it has no such form.
    static func convert(
        _ value: Value, to function: Function, _ budget: inout Budget
    ) throws(EvaluationError) -> Outcome {
        let result: Value? =
            switch function {
            case .int: int(value).map { .int($0) }
            case .uint: uint(value).map { .uint($0) }
            case .double: double(value).map { .double($0) }
            case .string: string(value).map { .string($0) }
            case .bool: bool(value).map { .bool($0) }
            case .bytes: bytes(value).map { .bytes($0) }
            case .timestamp: timestamp(value).map { .timestamp($0) }
            case .duration: duration(value).map { .duration($0) }
            default: nil
            }
        guard let result else { return .failed(.invalidConversion(to: function.rawValue)) }
        try budget.build(result.size)
        return .value(result)
    }

    /// Fractions are cut off.
    private static func int(_ value: Value) -> Int64? {
        switch value {
        case .double(let value): Int64(exactly: value.rounded(.towardZero))
        case .int, .uint: Number(value)?.exactInt
        case .timestamp(let time): CivilTime.range.contains(time) ? floorSeconds(time) : nil
        default: value.text.flatMap { Int64($0) }
        }
    }

    private static func floorSeconds(_ time: Timestamp) -> Int64 {
        let (seconds, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1_000)
        return rest < 0 ? seconds - 1 : seconds
    }

    private static func uint(_ value: Value) -> UInt64? {
        switch value {
        case .double(let value): UInt64(exactly: value.rounded(.towardZero))
        case .int(let value): UInt64(exactly: value)
        case .uint(let value): value
        default: value.text.flatMap { $0.utf8.first.map(Lexer.isDigit) == true ? UInt64($0) : nil }
        }
    }

    private static func double(_ value: Value) -> Double? {
        if let number = Number(value) {
            return number.double
        }
        guard let text = value.text, let double = Double(text) else { return nil }
        // Digits beyond the range are an error; the word for infinity is not.
        return double.isInfinite && text.utf8.contains(where: Lexer.isDigit) ? nil : double
    }

    private static func string(_ value: Value) -> String? {
        switch value {
        case .bool, .int, .uint, .double: value.keyText(limit: .max)
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .timestamp(let time): CivilTime(time).rfc3339
        case .duration(let span): seconds(span)
        default: value.text
        }
    }

    /// A span in seconds, for example `5400s` or `-0.25s`.
    private static func seconds(_ span: TimeSpan) -> String {
        let (whole, rest) = span.nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        var fraction = String(rest + 1_000_000_000).dropFirst()
        while fraction.hasSuffix("0") {
            fraction.removeLast()
        }
        return "\(span.nanoseconds < 0 ? "-" : "")\(whole)\(fraction.isEmpty ? "" : ".")\(fraction)s"
    }

    private static func bool(_ value: Value) -> Bool? {
        if case .bool(let value) = value {
            return value
        }
        return switch value.text {
        case "true", "True", "TRUE", "t", "T", "1": true
        case "false", "False", "FALSE", "f", "F", "0": false
        default: nil
        }
    }

    private static func bytes(_ value: Value) -> [UInt8]? {
        if case .bytes(let bytes) = value { bytes } else { value.text.map { Array($0.utf8) } }
    }

    /// An int counts seconds since 1970; a text is RFC 3339.
    private static func timestamp(_ value: Value) -> Timestamp? {
        let time: Timestamp?
        switch value {
        case .timestamp(let value): time = value
        case .int(let seconds):
            let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
            time = overflow ? nil : Timestamp(milliseconds: milliseconds)
        default: time = value.text.flatMap { DateText.parseRFC3339($0) }
        }
        return time.flatMap { CivilTime.range.contains($0) ? $0 : nil }
    }

    private static func duration(_ value: Value) -> TimeSpan? {
        if case .duration(let span) = value {
            span
        } else {
            value.text.flatMap { try? TimeSpan(parsing: $0, units: .go) }
        }
    }
}
