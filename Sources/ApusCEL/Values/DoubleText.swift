/// Doubles as the language writes them: the fewest digits that read back as the same double, in plain
/// notation for exponents from -4 to 5, else `1.5e+06` with at least two digits of exponent.
enum DoubleText {
    /// For example `5`, `1e+06`, `-0.5`, `NaN`, `+Inf`.
    static func text(of value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf"
        }
        let sign = value.sign == .minus ? "-" : ""
        guard value != 0 else { return sign + "0" }
        let (digits, exponent) = decimal(value.magnitude)
        guard (-4...5).contains(exponent) else {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let magnitude = exponent.magnitude
            let power = (magnitude < 10 ? "0" : "") + String(magnitude)
            return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power)"
        }
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
        }
        let whole = digits.prefix(exponent + 1)
        let zeros = String(repeating: "0", count: exponent + 1 - whole.count)
        let fraction = digits.dropFirst(exponent + 1)
        return sign + whole + zeros + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// The fewest digits `d.ddd` without trailing zeros, and the power of ten they are multiplied with.
    ///
    /// The standard library's description has exactly these digits, in another layout.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e", maxSplits: 1)
        let number = parts[0].split(separator: ".", maxSplits: 1)
        let whole = number[0]
        let written = (parts.count > 1 ? Int(parts[1]) : nil) ?? 0
        var digits = whole + (number.count > 1 ? number[1] : "")
        var exponent = written + whole.count - 1
        while digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == "0" {
            digits.removeLast()
        }
        return (String(digits), exponent)
    }
}
