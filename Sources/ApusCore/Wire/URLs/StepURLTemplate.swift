/// A function's URL with a gap for the step that a call is meant for.
///
/// The server, not the SDK, sets `stepId` in the query of each call. All work on the text is done
/// once a function; a call only joins three pieces.
///
/// ```swift
/// let template = StepURLTemplate("http://localhost:3000/api/inngest?fnId=shop-order&stepId=step")
/// template.url(for: step)  // http://localhost:3000/api/inngest?fnId=shop-order&stepId=86f7e437…
/// ```
public struct StepURLTemplate: Hashable, Sendable {
    /// The value of `stepId` in a call that is meant for no particular step.
    public static let discovery = "step"

    private let prefix: [UInt8]
    private let suffix: [UInt8]

    /// Prepares a URL: sorts its query by name, and drops `stepId` and the fragment.
    public init(_ url: String) {
        let whole = url.prefix { $0 != "#" }
        let base = whole.prefix { $0 != "?" }
        var query = QueryString(whole[base.endIndex...].dropFirst())
        query.items.removeAll { $0.isNamed("stepId") }
        query.sort()
        let gap =
            query.items.firstIndex { Array("stepId".utf8).lexicographicallyPrecedes($0.name) }
            ?? query.items.endIndex
        let before = QueryString.encode(query.items[..<gap])
        let after = QueryString.encode(query.items[gap...])
        prefix = Array("\(base)?\(before.isEmpty ? "" : "\(before)&")stepId=".utf8)
        suffix = Array((after.isEmpty ? "" : "&\(after)").utf8)
    }

    /// The URL of a call that is meant for a step, or with nil for none.
    public func url(for step: StepID?) -> String {
        guard let step else { return url(stepID: StepURLTemplate.discovery) }
        return url { step.appendText(to: &$0) }
    }

    /// The URL with a value of `stepId`, percent-encoded where it must be.
    public func url(stepID: String) -> String {
        url { $0 += stepID.utf8 }
    }

    private func url(appendingID append: (inout [UInt8]) -> Void) -> String {
        var url: [UInt8] = []
        url.reserveCapacity(prefix.count + suffix.count + 40)
        url += prefix
        append(&url)
        // The usual id, a hash, needs no encoding.
        if let first = url[prefix.count...].firstIndex(where: { !PercentEncoding.isPlain($0) }) {
            let rest = Array(url[first...])
            url.removeSubrange(first...)
            PercentEncoding.append(rest, to: &url)
        }
        url += suffix
        return String(decoding: url, as: UTF8.self)
    }
}
