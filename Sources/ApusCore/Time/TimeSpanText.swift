extension TimeSpan: CustomStringConvertible {
    /// The span as the protocol writes it: `1h0m0s`, `1.5s`, `250ms`, `1.5µs`, `0s`.
    ///
    /// From one second up the units are h, m and s, without leading zero units; below, one unit of
    /// ms, µs or ns. Parsing the text gives the same span back.
    public var description: String {
        let magnitude = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        switch magnitude {
        case 0:
            return "0s"
        case ..<1_000:
            return "\(sign)\(magnitude)ns"
        case ..<1_000_000:
            return sign + TimeSpan.decimal(magnitude, unit: 1_000) + "\u{B5}s"
        case ..<1_000_000_000:
            return sign + TimeSpan.decimal(magnitude, unit: 1_000_000) + "ms"
        default:
            let minutes = magnitude / 60_000_000_000
            let seconds = TimeSpan.decimal(magnitude % 60_000_000_000, unit: 1_000_000_000) + "s"
            if minutes == 0 {
                return sign + seconds
            }
            return minutes < 60 ? "\(sign)\(minutes)m\(seconds)" : "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
        }
    }

    /// `amount / unit` as a decimal without trailing zeros; `unit` is a power of ten.
    private static func decimal(_ amount: UInt64, unit: UInt64) -> String {
        var fraction = amount % unit
        guard fraction > 0 else { return String(amount / unit) }
        var scale = unit
        while fraction % 10 == 0 {
            fraction /= 10
            scale /= 10
        }
        // The scale's leading 1 keeps the zeros that follow the point.
        return "\(amount / unit)." + String(fraction + scale).dropFirst()
    }
}
