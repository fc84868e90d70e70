/// Columns of text, aligned.
struct TextTable {
    private var rows: [[String]]

    init(_ first: [String]) {
        rows = [first]
    }

    /// Users' texts may hold anything: what would move the cursor of a terminal is shown as `·`.
    mutating func add(_ row: [String]) {
        rows.append(
            row.map { cell in
                String(String.UnicodeScalarView(cell.unicodeScalars.map { Self.isPlain($0) ? $0 : "·" }))
            }
        )
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    /// The lines, each with its end.
    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                cell + String(repeating: " ", count: max(widths[column] - cell.count, 0))
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }
        .joined()
    }
}
