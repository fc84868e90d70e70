/// Numbers and sizes as people read them.
enum NumberText {
    /// `1,204`.
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    /// `1 run`, `1,204 runs`.
    static func counted(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(grouped(number)) \(noun)s"
    }

    /// `55 bytes`, `12 KB`, `2.4 MB`.
    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: counted(bytes, "byte")
        case ..<1_000_000: "\(bytes / 1_000) KB"
        default: "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
        }
    }

    /// One digit after the point; the templates want text.
    static func rate(_ number: Double) -> String {
        guard number.isFinite, number.magnitude < 1e9 else { return "0" }
        let hundredths = Int((number * 100).rounded())
        let rest = hundredths % 100
        return "\(grouped(hundredths / 100)).\(rest < 10 ? "0" : "")\(rest)"
    }
}
