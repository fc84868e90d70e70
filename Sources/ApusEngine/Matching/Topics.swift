/// The event names that anything listens to, and the paths by which listeners of each are kept.
///
/// Names are not forgotten until the shard starts again, because counting the listeners of each would
/// cost more than a look-up in vain. Past a bound every name counts as listened to.
struct Topics {
    private var paths: [String: Set<String>] = [:]
    private let limit: Int
    /// Paths of one name; further conditions are kept without a key.
    private static let pathsPerName = 16

    init(_ topics: [ListenerTopic], limit: Int) {
        self.limit = limit
        for topic in topics { note(topic) }
    }

    func contains(_ name: String) -> Bool {
        paths[name] != nil || paths.count >= limit
    }

    /// Chooses where a listener is kept and takes note of it.
    /// - Parameter keys: those that an event must have to match.
    mutating func place(name: String, keys: [(path: String, key: UInt64)]) -> (topic: ListenerTopic, key: UInt64) {
        let known = paths[name] ?? []
        let isFull = known.count >= Self.pathsPerName
        let chosen = keys.first { known.contains($0.path) } ?? (isFull ? nil : keys.first)
        let topic = ListenerTopic(name: name, path: chosen?.path ?? "")
        note(topic)
        return (topic, chosen?.key ?? ListenerKey.none)
    }

    private mutating func note(_ topic: ListenerTopic) {
        guard paths[topic.name] != nil || paths.count < limit else { return }
        paths[topic.name, default: []].insert(topic.path)
    }
}
