import ApusCore
import ApusEngine

/// Those who wait for events and signals.
extension MemoryState {
    func listeners(_ questions: [ListenerQuestion]) -> [ListenerPage] {
        let all = Dictionary(grouping: listeners.values.joined().map(\.value), by: \.topic)
        return questions.map { question in
            let topics = all.keys.filter { $0.name.hasBytes(of: question.name) }
            let found = question.places(topics.map(\.path))
                .flatMap { place in all[place.topic, default: []].filter { $0.key == place.key } }
                .filter { row in question.after.map { row.cursor > $0 } ?? true }
                .sorted { $0.cursor < $1.cursor }
            let page = Array(found.prefix(ListenerQuestion.page))
            return ListenerPage(
                subject: question.subject, found: page, next: found.count > page.count ? page.last?.cursor : nil
            )
        }
    }

    func interruptedLooks(of shard: ShardID) -> InterruptedLooks {
        InterruptedLooks(
            events: looks.filter { RowCounters.shard(of: $0) == shard }.sorted().compactMap { events[$0] },
            listeners: listeners.values.joined().map(\.value)
                .filter { $0.looksBack && RowCounters.shard(of: $0.run) == shard }
                .sorted { ($0.run, $0.number) < ($1.run, $1.number) }
        )
    }

    func listenersWithoutKey() -> [(name: String, count: Int)] {
        var counts: [String: Int] = [:]
        for row in listeners.values.joined().map(\.value) where row.topic.path.isEmpty && !row.topic.name.isEmpty {
            counts[row.topic.name, default: 0] += 1
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(100).map { ($0.key, $0.value) }
    }
}

/// What the writes of a batch so far have made of the listeners.
struct ListenerChanges {
    /// Whether the run has the listener now, where that has changed.
    private var changed: [RowID: [ListenerNumber: Bool]] = [:]
    /// Runs that have lost all listeners that were stored.
    private var emptied: Set<RowID> = []

    func contains(
        _ number: ListenerNumber, of run: RowID, stored: [RowID: [ListenerNumber: ListenerRow]]
    ) -> Bool {
        changed[run]?[number] ?? (!emptied.contains(run) && stored[run]?[number] != nil)
    }

    mutating func add(_ number: ListenerNumber, of run: RowID) {
        changed[run, default: [:]][number] = true
    }

    mutating func remove(_ number: ListenerNumber, of run: RowID) {
        changed[run, default: [:]][number] = false
    }

    mutating func removeAll(of run: RowID) {
        changed[run] = nil
        emptied.insert(run)
    }
}
