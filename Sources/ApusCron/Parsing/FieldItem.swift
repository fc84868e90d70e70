/// One part of a field between commas: `*`, `5`, `1-5`, `*/2`, `10/20` or `1-5/2`.
struct FieldItem {
    private typealias Token = CronParser.Token

    private let field: CronField
    private let parser: CronParser
    private var range: ClosedRange<Int>
    private var step = 1
    private var isStar = false

    /// Reads an item, which is not empty.
    ///
    /// - Throws: ``CronError`` of the kinds `value`, `outOfRange`, `range`, `step` and `unsupported`.
    init(_ token: CronParser.Token, of field: CronField, in parser: CronParser) throws(CronError) {
        self.field = field
        self.parser = parser
        range = field.range

        let parts = token.split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        if let hint = DialectHint(token, of: field) {
            throw parser.error(.unsupported, in: field, at: token.startIndex, hint.problem, hint.advice)
        }
        guard parts.count <= 2 else {
            throw parser.error(
                .step, in: field, at: parts[2].startIndex - 1, "\(Quoted.text(token)) has two steps",
                "use one `/`, for example `*/2`"
            )
        }
        guard ends.count <= 2 else {
            throw parser.error(
                .range, in: field, at: ends[2].startIndex - 1,
                "\(Quoted.text(parts[0])) has too many hyphens", "use one between two values, for example `1-5`"
            )
        }
        if parts.count == 2 {
            step = try parseStep(parts[1])
        }
        if ends[0].elementsEqual(["*"]) || ends[0].elementsEqual(["?"]) {
            // An upper end behind a star is read and means nothing, as in the reference.
            if ends.count == 2 {
                _ = try parseValue(ends[1])
            }
            isStar = step == 1
            return
        }
        let lower = try parseValue(ends[0])
        let upper =
            if ends.count == 2 {
                try parseValue(ends[1])
            } else {
                parts.count == 2 ? field.range.upperBound : lower
            }
        guard lower <= upper else { throw backwards(parts[0], from: lower, to: upper) }
        range = lower...upper
    }

    /// Adds the item's values to those of its field.
    func insert(into values: inout FieldValues) {
        values.insert(range, step: step)
        values.isStar = values.isStar || isStar
    }
}

// MARK: - Values

extension FieldItem {
    private func parseValue(_ token: CronParser.Token) throws(CronError) -> Int {
        guard !token.isEmpty else {
            throw parser.error(.value, in: field, at: token.startIndex, "a value is missing", "use \(field.allowed)")
        }
        let word = String(String.UnicodeScalarView(token)).lowercased()
        if let index = field.names.firstIndex(of: word) {
            return field.range.lowerBound + index
        }
        if token.elementsEqual(["*"]) || token.elementsEqual(["?"]) {
            throw parser.error(
                .range, in: field, at: token.startIndex, "a range cannot end with \(Quoted.text(token))",
                "end it with \(field.range.upperBound)"
            )
        }
        guard let value = FieldItem.number(token) else {
            throw parser.error(
                .value, in: field, at: token.startIndex, "\(Quoted.text(token)) is not a value",
                advice(for: token, word)
            )
        }
        guard field.range.contains(value) else {
            let advice = field == .dayOfWeek && value == 7 ? "write 0 or sun for Sunday" : "use \(field.allowed)"
            throw parser.error(
                .outOfRange, in: field, at: token.startIndex, "\(Quoted.text(token)) is out of range", advice
            )
        }
        return value
    }

    /// What to write instead of a text that is not a value.
    private func advice(for token: CronParser.Token, _ word: String) -> String {
        // A full name begins with its abbreviation.
        if let short = field.names.first(where: { word.count > 3 && word.hasPrefix($0) }) {
            return "names have three letters: \(short)"
        }
        // Word processors turn hyphens into dashes.
        if token.contains(where: { $0.properties.generalCategory == .dashPunctuation || $0 == "\u{2212}" }) {
            return "write ranges with the hyphen of the keyboard, `-`"
        }
        return "use \(field.allowed)"
    }

    private func parseStep(_ token: CronParser.Token) throws(CronError) -> Int {
        guard let step = FieldItem.number(token) else {
            throw parser.error(
                .step, in: field, at: token.startIndex,
                token.isEmpty ? "a step is missing" : "\(Quoted.text(token)) is not a step", "use a number from 1 on"
            )
        }
        guard step > 0 else {
            throw parser.error(.step, in: field, at: token.startIndex, "a step cannot be 0", "use a number from 1 on")
        }
        return step
    }

    private func backwards(_ token: CronParser.Token, from lower: Int, to upper: Int) -> CronError {
        let high = lower == field.range.upperBound ? "\(lower)" : "\(lower)-\(field.range.upperBound)"
        let low = upper == field.range.lowerBound ? "\(upper)" : "\(field.range.lowerBound)-\(upper)"
        return parser.error(
            .range, in: field, at: token.startIndex, "the range \(Quoted.text(token)) runs backwards",
            "write it as two parts: `\(high),\(low)`"
        )
    }

    /// A decimal number with an optional `+`; nil for everything else and beyond `Int`.
    private static func number(_ token: CronParser.Token) -> Int? {
        let digits = token.first == "+" ? token.dropFirst() : token
        guard !digits.isEmpty else { return nil }
        var number = 0
        for digit in digits {
            guard ("0"..."9").contains(digit) else { return nil }
            let (tens, high) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit.value) - 48)
            guard !high, !carry else { return nil }
            number = sum
        }
        return number
    }
}
