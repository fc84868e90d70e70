import ApusCore
import ApusEngine
import ApusStore

/// Those who wait for events and signals.
extension ReadSession {
    /// All questions are answered from one snapshot.
    func listeners(_ questions: [ListenerQuestion]) throws -> [ListenerPage] {
        try questions.map { try listeners($0) }
    }

    private func listeners(_ question: ListenerQuestion) throws -> ListenerPage {
        let find = try statement(
            """
            SELECT \(ListenerRow.columns) FROM listeners JOIN topics ON topics.row = listeners.topic
            WHERE listeners.topic = ?1 AND listeners.key = ?2
                AND (listeners.run > ?3 OR (listeners.run = ?3 AND listeners.number > ?4))
            ORDER BY listeners.run, listeners.number LIMIT ?5
            """
        )
        let topics = try topics(named: question.name)
        var found: [ListenerRow] = []
        for (topic, key) in question.places(Array(topics.keys)).sorted(by: { $0.topic < $1.topic }) {
            guard let row = topics[topic.path], question.after?.path ?? "" <= topic.path else { continue }
            let isCursor = question.after?.path == topic.path
            find.bind(1, row)
            find.bind(2, Int64(bitPattern: key))
            find.bind(3, isCursor ? question.after?.run ?? .min : .min)
            find.bind(4, isCursor ? Int64(question.after?.number ?? 0) : 0)
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

    /// Rows of a name's topics, by path.
    private func topics(named name: String) throws -> [String: Int64] {
        let find = try statement("SELECT path, row FROM topics WHERE name = ?")
        find.bind(1, Array(name.utf8))
        var topics: [String: Int64] = [:]
        while try find.step() { topics[String(decoding: find.bytes(0), as: UTF8.self)] = find.int(1) }
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
