import ApusCEL
import ApusCore

/// A stored event as matching sees it.
package struct EventFacts: Sendable {
    package let name: String
    package let receivedAt: Timestamp
    /// The stored body.
    package let body: RawJSON
    let values: EventValues

    package init(name: String, receivedAt: Timestamp, body: RawJSON) {
        self.name = name
        self.receivedAt = receivedAt
        self.body = body
        values = EventValues(stored: body)
    }

    func places(_ paths: [String]) -> [(topic: ListenerTopic, key: UInt64)] {
        paths.sorted().compactMap { path in
            ListenerKey.of(path: path, in: values).map { (ListenerTopic(name: name, path: path), $0) }
        }
    }
}

extension EventValues {
    /// The values of an event's stored body.
    init(stored body: RawJSON) {
        let view = body.view
        let empty = RawJSON.emptyObject.view
        self.init(
            name: view["name"]?.string ?? "",
            id: view["id"]?.string ?? "",
            timestamp: Timestamp(milliseconds: view["ts"]?.int ?? 0),
            version: view["v"]?.string,
            data: view["data"] ?? empty,
            user: view["user"] ?? empty,
            sessions: view["meta"]?["sessions"]
        )
    }
}

/// The values by which listeners are found without looking at each.
package enum ListenerKey {
    /// The key of listeners that have none.
    package static let none: UInt64 = 0

    /// The key of the value at a path; `nil` when listeners with a key there cannot match.
    static func of(path: String, in event: EventValues) -> UInt64? {
        guard !path.isEmpty else { return none }
        let fields = path.split(separator: ListenerTopic.separator, omittingEmptySubsequences: false).map(String.init)
        return EqualityKey.hash(of: Path(.async, fields), in: event)
    }

    package static func of(signal name: String) -> UInt64 {
        StableHash.of(Array(name.utf8))
    }

    /// The keys that an event must have for a condition to hold, by path.
    static func keys(of condition: Expression) -> [(path: String, key: UInt64)] {
        condition.equalities(of: .async).compactMap { equality in
            guard equality.path.fields.allSatisfy({ !$0.contains(ListenerTopic.separator) }) else { return nil }
            return (equality.path.fields.joined(separator: String(ListenerTopic.separator)), equality.hash)
        }
    }
}
