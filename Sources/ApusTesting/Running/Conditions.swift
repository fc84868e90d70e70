import ApusCEL
import ApusCore

/// Judges conditions as the server does, with the same code.
enum Condition {
    /// - Parameters:
    ///   - event: the one that started the run, or may start it.
    ///   - later: the one that is waited for.
    /// - Returns: why it does not hold; `nil` when it does.
    static func problem(_ text: String?, event: RawJSON, later: RawJSON? = nil, now: Timestamp) -> String? {
        guard let text, !text.isEmpty else { return nil }
        let expression: Expression
        do {
            expression = try Expression(text, role: .wait)
        } catch {
            return "\(text) is no expression: \(error)"
        }
        switch expression.holds(in: Scope(event: values(of: event), async: later.map(values)), now: now) {
        case .matched: return nil
        case .failed(let error): return "\(text) cannot be evaluated: \(error)"
        case .notMatched:
            let seen = later.map { "; async.data is \($0.view["data"]?.raw ?? .null)" } ?? ""
            return "\(text) is false: event.data is \(event.view["data"]?.raw ?? .null)\(seen)"
        }
    }

    private static func values(of event: RawJSON) -> EventValues {
        let view = event.view
        let empty = RawJSON.emptyObject.view
        return EventValues(
            name: view["name"]?.string ?? "", id: view["id"]?.string ?? "",
            timestamp: Timestamp(milliseconds: view["ts"]?.int ?? 0), version: view["v"]?.string,
            data: view["data"] ?? empty, user: view["user"] ?? empty, sessions: nil
        )
    }
}
