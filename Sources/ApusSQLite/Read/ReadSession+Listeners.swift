import ApusCore
import ApusEngine
import ApusStore

/// Those who wait for events and signals.
extension ReadSession {
    /// All questions are answered from one snapshot.
    func listeners(_ questions: [ListenerQuestion]) throws -> [ListenerPage] {
        try questions.map { try listeners($0) }
    }

    /// One stretch of the index, read in its order from the cursor on.
    static let listenersQuery = """
        SELECT \(ListenerRow.columns) FROM listeners JOIN topics ON topics.row = listeners.topic
        WHERE listeners.topic = ? AND listeners.key = ? AND (listeners.run, listeners.number) > (?, ?)
        ORDER BY listeners.run, listeners.number LIMIT ?
        """

    static let topicsQuery = "SELECT path, row FROM topics WHERE name = ?"

    private func listeners(_ question: ListenerQuestion) throws -> ListenerPage {
        let find = try statement(ReadSession.listenersQuery)
        let topics = try topics(named: question.name)
        let places = question.places(topics.keys.map(\.path)).sorted { $0.topic < $1.topic }
        var found: [ListenerRow] = []
        for (topic, key) in places {
            guard let row = topics[topic] else { continue }
            var last: (run: RowID, number: Int64) = (.min, 0)
            if let cursor = question.after {
                if topic.path.precedesInBytes(cursor.path) { continue }
                if topic.path.hasBytes(of: cursor.path) { last = (cursor.run, Int64(cursor.number)) }
            }
            find.bind(1, row)
            find.bind(2, Int64(bitPattern: key))
            find.bind(3, last.run)
            find.bind(4, last.number)
            // One more than the page holds tells whether it is full.
            find.bind(5, Int64(ListenerQuestion.page + 1 - found.count))
            while try find.step() { found.append(ListenerRow(find)) }
            find.reset()
            if found.count > ListenerQuestion.page { break }
        }
        let isFull = found.count > ListenerQuestion.page
        if isFull { found.removeLast() }
        return ListenerPage(subject: question.subject, found: found, next: isFull ? found.last?.cursor : nil)
    }

    /// Rows of a name's topics.
    private func topics(named name: String) throws -> [ListenerTopic: Int64] {
        let find = try statement(ReadSession.topicsQuery)
        find.bind(1, Array(name.utf8))
        var topics: [ListenerTopic: Int64] = [:]
        while try find.step() {
            topics[ListenerTopic(name: name, path: String(decoding: find.bytes(0), as: UTF8.self))] = find.int(1)
        }
        find.reset()
        return topics
    }

    func listenersWithoutKey() throws -> [(name: String, count: Int)] {
        let find = try statement(
            """
            SELECT topics.name, (SELECT count(*) FROM listeners WHERE topic = topics.row) AS count
            FROM topics WHERE path = x'' AND name <> x'' AND count > 0 ORDER BY count DESC, name LIMIT 100
            """
        )
        var found: [(name: String, count: Int)] = []
        while try find.step() { found.append((String(decoding: find.bytes(0), as: UTF8.self), Int(find.int(1)))) }
        return found
    }
}
