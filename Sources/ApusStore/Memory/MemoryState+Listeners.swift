import ApusCore
import ApusEngine

/// Those who wait for events and signals.
extension MemoryState {
    func listeners(_ questions: [ListenerQuestion]) -> [ListenerPage] {
        let all = listeners.values.flatMap(\.values)
        return questions.map { question in
            let paths = Set(all.lazy.map(\.topic).filter { $0.name == question.name }.map(\.path))
            let places = question.places(Array(paths))
            let found = all.filter { row in
                places.contains { $0.topic == row.topic && $0.key == row.key }
                    && question.after.map { row.cursor > $0 } ?? true
            }.sorted { $0.cursor < $1.cursor }
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
