import ApusCore
import ApusEngine

/// Listeners to store, and what finds them.
extension Sample {
    /// An event as those who look for its listeners see it.
    /// - Parameter data: JSON.
    static func subject(_ name: String, data: String = "{}") throws -> ListenerQuestion.Subject {
        let body = try RawJSON(parsing: #"{"data":\#(data)}"#)
        return .event(1, EventFacts(name: name, receivedAt: Timestamp(milliseconds: 1_700_000_000_000), body: body))
    }

    /// An object with one field, as JSON.
    static func object(_ field: String) -> String {
        var writer = JSONWriter(reserving: 32)
        writer.beginObject()
        writer.key(field)
        writer.value("here")
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Fields below the event, as topics hold them.
    static func path(_ fields: String...) -> String {
        fields.joined(separator: String(ListenerTopic.separator))
    }

    /// A listener that nothing is special about.
    static func listener(
        run: RowID, number: ListenerNumber = 1, name: String, path: String = "", key: UInt64 = 0,
        condition: String? = nil, looksBack: Bool = false
    ) -> ListenerRow {
        ListenerRow(
            run: run, number: number, topic: ListenerTopic(name: name, path: path), key: key, condition: condition,
            since: Timestamp(milliseconds: 1_700_000_000_000 + Int64(number)),
            until: Timestamp(milliseconds: 1_800_000_000_000 - Int64(number)), looksBack: looksBack
        )
    }

    /// A listener that a subject finds.
    static func listener(
        run: RowID, number: ListenerNumber = 1, of subject: ListenerQuestion.Subject, path: String,
        condition: String? = nil, looksBack: Bool = false
    ) throws -> ListenerRow {
        let question = ListenerQuestion(subject)
        let place = try require(question.places([path]).first, "the key at \(path)")
        return listener(
            run: run, number: number, name: question.name, path: path, key: place.key, condition: condition,
            looksBack: looksBack
        )
    }

    /// A listener of a signal.
    static func listener(run: RowID, number: ListenerNumber = 1, signal: String, looksBack: Bool = false)
        -> ListenerRow
    {
        listener(
            run: run, number: number, name: "", key: ListenerKey.of(signal: signal), condition: signal,
            looksBack: looksBack
        )
    }
}

extension StoreConformance {
    /// All listeners that something may concern, read in pages, as a shard does.
    static func listenersFound(by subject: ListenerQuestion.Subject, in store: any Store) throws -> [ListenerRow] {
        var found: [ListenerRow] = []
        var after: ListenerCursor?
        while true {
            let pages = try store.reader.listeners([ListenerQuestion(subject, after: after)])
            try expectEqual(pages.count, 1, "the number of pages")
            let page = pages[0]
            if let after { try expect(page.found.allSatisfy { $0.cursor > after }, "a page begins before its cursor") }
            found += page.found
            guard let next = page.next else {
                try expect(page.found.count <= ListenerQuestion.page, "a page holds \(page.found.count)")
                return found
            }
            try expectEqual(page.found.count, ListenerQuestion.page, "the size of a page with another after it")
            try expectEqual(next, page.found.last?.cursor, "the cursor")
            after = next
        }
    }

    /// Whether a subject finds these listeners, in the order of path, run and number, and no others.
    static func expectListeners(
        _ expected: [ListenerRow], of subject: ListenerQuestion.Subject, in store: any Store, _ what: String,
        file: String = #fileID, line: Int = #line
    ) throws {
        let found = try listenersFound(by: subject, in: store)
        try expectEqual(
            found, expected.sorted { $0.cursor < $1.cursor }, "the listeners of \(what)", file: file, line: line
        )
    }
}
