/// A random expression together with its meaning, which is worked out without the parser.
struct RandomExpression {
    var text: String
    /// The values of the five fields.
    var values: [Set<Int>]
    var daysAreStar: Bool
    var weekdaysAreStar: Bool
    /// The values once more, for a quick look: `allowed[field][value]`.
    private let allowed: [[Bool]]

    /// Whether a minute of the wall clock matches.
    func matches(minute: Int, hour: Int, day: Int, month: Int, weekday: Int) -> Bool {
        guard allowed[0][minute], allowed[1][hour], allowed[3][month] else { return false }
        let (byDay, byWeekday) = (allowed[2][day], allowed[4][weekday])
        return daysAreStar || weekdaysAreStar ? byDay && byWeekday : byDay || byWeekday
    }

    /// The values that decide: a day field is left out where the other one alone counts.
    var meaning: [Set<Int>] {
        var meaning = values
        if !daysAreStar, !weekdaysAreStar, values[2].count == 31 || values[4].count == 7 {
            meaning[2] = Set(1...31)
            meaning[4] = Set(0...6)
        }
        return meaning + [daysAreStar || weekdaysAreStar || meaning[2].count == 31 ? [] : [1]]
    }

    /// Makes an expression.
    ///
    /// - Parameter busy: Whether most fields are stars, so that it fires often.
    init(busy: Bool, using random: inout SeededGenerator) {
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
        var texts: [String] = []
        var values: [Set<Int>] = []
        var stars: [Bool] = []
        for (index, range) in ranges.enumerated() {
            let stays = busy && Int.random(in: 0..<10, using: &random) < [3, 4, 8, 9, 8][index]
            let field = stays ? Field.star : Field(range, names: RandomExpression.names[index], using: &random)
            texts.append(field.text)
            values.append(stays ? Set(range) : field.values)
            stars.append(field.isStar)
        }
        text = texts.joined(separator: [" ", "  ", "\t"].randomElement(using: &random) ?? " ")
        self.values = values
        allowed = values.map { values in (0..<60).map { values.contains($0) } }
        daysAreStar = stars[2]
        weekdaysAreStar = stars[4]
    }

    private static let names: [[String]] = [
        [], [], [],
        ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ]

    private struct Field {
        var text = ""
        var values: Set<Int> = []
        var isStar = false

        static let star = Field(text: "*", isStar: true)

        init(text: String, isStar: Bool) {
            self.text = text
            self.isStar = isStar
        }

        init(_ range: ClosedRange<Int>, names: [String], using random: inout SeededGenerator) {
            let items = (0..<[1, 1, 1, 2, 3, 5][Int.random(in: 0..<6, using: &random)]).map { _ in
                item(range, names: names, using: &random)
            }
            text = items.joined(separator: ",")
        }

        private mutating func item(
            _ range: ClosedRange<Int>,
            names: [String],
            using random: inout SeededGenerator
        ) -> String {
            let low = Int.random(in: range, using: &random)
            let high = Int.random(in: low...range.upperBound, using: &random)
            let step = Int.random(in: 1...(range.count + 3), using: &random)
            let shortStep = Int.random(in: 1...6, using: &random)
            func name(_ value: Int) -> String {
                guard !names.isEmpty, Bool.random(using: &random) else {
                    return ["\(value)", "0\(value)", "+\(value)"][Int.random(in: 0..<12, using: &random) / 5]
                }
                return Bool.random(using: &random) ? names[value] : names[value].uppercased()
            }
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                values.formUnion(range)
                isStar = true
                return Bool.random(using: &random) ? "*" : "?"
            case 1:
                values.formUnion(range.filter { ($0 - range.lowerBound) % step == 0 })
                isStar = isStar || step == 1
                return "*/\(step)"
            case 2:
                values.formUnion(range.filter { ($0 - range.lowerBound) % shortStep == 0 })
                isStar = isStar || shortStep == 1
                return "?/\(shortStep)"
            case 3:
                values.formUnion(range.filter { $0 >= low && ($0 - low) % shortStep == 0 })
                return "\(name(low))/\(shortStep)"
            case 4:
                values.formUnion((low...high).filter { ($0 - low) % step == 0 })
                return "\(name(low))-\(name(high))/\(step)"
            case 5, 6:
                values.formUnion(low...high)
                return "\(name(low))-\(name(high))"
            default:
                values.insert(low)
                return name(low)
            }
        }
    }
}
