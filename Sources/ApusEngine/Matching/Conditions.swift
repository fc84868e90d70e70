import ApusCEL

/// Compiled expressions by their text. Those of functions are few; the bound keeps it so.
struct Conditions {
    private var compiled: [String: Expression?] = [:]
    private static let limit = 4_096

    /// A condition that events have to match; `nil` when it does not compile.
    mutating func of(_ text: String) -> Expression? {
        if let known = compiled[text] { return known }
        if compiled.count >= Self.limit { compiled.removeAll(keepingCapacity: true) }
        let expression = try? Expression(text, role: .wait)
        compiled[text] = expression
        return expression
    }
}
