/// The event names that anything listens to, and the paths by which listeners of each are kept.
struct Topics {
    private var paths: [String: Set<String>] = [:]
    /// Paths of one name; further conditions are kept without a key.
    private static let pathsPerName = 16

    init(_ topics: [ListenerTopic]) {
        for topic in topics { paths[topic.name, default: []].insert(topic.path) }
    }

    func contains(_ name: String) -> Bool {
        paths[name] != nil
    }

    /// Chooses where a listener is kept and takes note of it.
    /// - Parameter keys: those that an event must have to match.
    mutating func place(name: String, keys: [(path: String, key: UInt64)]) -> (topic: ListenerTopic, key: UInt64) {
        let known = paths[name] ?? []
        let isFull = known.count >= Self.pathsPerName
        let chosen = keys.first { known.contains($0.path) } ?? (isFull ? nil : keys.first)
        let topic = ListenerTopic(name: name, path: chosen?.path ?? "")
        paths[name, default: []].insert(topic.path)
        return (topic, chosen?.key ?? ListenerKey.none)
    }
}
