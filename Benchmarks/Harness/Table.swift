import Foundation

/// Prints figures as they come, as rows of a table that is Markdown too.
struct Table {
    private static let widths = [40, 9, 9, 9, 11, 8, 4]

    init() {
        row(["benchmark", "median", "min", "max", "unit", "target", ""])
        print("|" + Self.widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|")
    }

    func add(_ figure: Figure) {
        row([
            figure.name,
            Self.number(figure.median), Self.number(figure.minimum), Self.number(figure.maximum),
            figure.unit,
            figure.target.map(Self.text) ?? "",
            figure.isMet.map { $0 ? "ok" : "miss" } ?? "",
        ])
    }

    private func row(_ cells: [String]) {
        let padded = zip(cells, Self.widths).enumerated().map { index, cell in
            let space = String(repeating: " ", count: max(cell.1 - cell.0.count, 0))
            return (1...3).contains(index) ? space + cell.0 : cell.0 + space
        }
        print("| " + padded.joined(separator: " | ") + " |")
        fflush(nil)
    }

    private static func text(_ target: Target) -> String {
        switch target {
        case .below(let bound): "< " + number(bound, isTarget: true)
        case .atLeast(let bound): "≥ " + number(bound, isTarget: true)
        }
    }

    /// Three digits that count, more only before the decimal point.
    private static func number(_ value: Double, isTarget: Bool = false) -> String {
        guard value.isFinite else { return "–" }
        if isTarget, value == value.rounded(), value < 1_000 { return String(Int(value)) }
        let places = value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 || value == 0 ? 2 : 3
        var text = String(format: "%.\(places)f", value)
        var end = text.firstIndex(of: ".") ?? text.endIndex
        while let position = text.index(end, offsetBy: -3, limitedBy: text.startIndex), position > text.startIndex {
            text.insert(",", at: position)
            end = position
        }
        return text
    }
}
