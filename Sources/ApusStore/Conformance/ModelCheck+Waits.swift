import ApusCore
import ApusEngine

/// The listeners that random batches have stored, as far as later ones need them.
struct ModelWaits {
    var listeners: [ListenerRow] = []
    /// Grows, so that most listeners are new.
    var nextNumber: ListenerNumber = 0

    static let names = (0..<5).map { "name/\($0)" }
    static let paths = ["", Sample.path("data", "a"), Sample.path("data", "b")]
    static let signals = ["", "one", "two"]

    /// What looks for listeners, each with other values at the paths.
    static func subjects(of name: String) throws -> [ListenerQuestion.Subject] {
        try (0..<4).map { try Sample.subject(name, data: #"{"a":\#($0),"b":"\#($0)"}"#) }
    }
}

/// Listeners and looks in random batches, and what both stores answer about them.
extension ModelTwins {
    mutating func waitWrites(on shard: Int) throws -> [Write] {
        let known = waits.listeners.isEmpty ? nil : waits.listeners[index(waits.listeners.count)]
        let (run, number) = (known?.run ?? 1, known?.number ?? 1)
        switch random.below(12) {
        case 0: return [.unlisten(run: run, number: number)]
        case 1 where random.below(3) == 0:
            waits.listeners.removeAll { $0.run == run }
            return [.unlistenAll(run: run)]
        case 1, 2: return [.lookedBack(run: run, number: number)]
        case 3, 4: return events.isEmpty ? [] : [.lookPending(event: events[index(events.count)].row)]
        case 5: return events.isEmpty ? [] : [.lookDone(event: events[index(events.count)].row)]
        case 6 where random.below(4) == 0: return known.map { [.listen($0)] } ?? []
        default: return try (0..<(1 + random.below(4))).map { _ in .listen(try newListener(on: shard)) }
        }
    }

    private mutating func newListener(on shard: Int) throws -> ListenerRow {
        let own = runs.filter { RowCounters.shard(of: $0.row.row) == ShardID(shard) }
        // Stores do not ask whether the run exists.
        let run = own.isEmpty ? RowCounters.firstRow(of: ShardID(shard)) : own[index(own.count)].row.row
        let number = waits.nextNumber
        waits.nextNumber += 1
        let looksBack = random.below(3) == 0
        let row: ListenerRow
        if random.below(4) == 0 {
            let signal = ModelWaits.signals[index(ModelWaits.signals.count)]
            row = Sample.listener(run: run, number: number, signal: signal, looksBack: looksBack)
        } else {
            let subjects = try ModelWaits.subjects(of: ModelWaits.names[index(ModelWaits.names.count)])
            row = try Sample.listener(
                run: run, number: number, of: subjects[index(subjects.count)],
                path: ModelWaits.paths[index(ModelWaits.paths.count)],
                condition: random.below(2) == 0 ? "async.data.c == \(random.below(9))" : nil, looksBack: looksBack
            )
        }
        waits.listeners.append(row)
        return row
    }

    func compareWaits(_ found: ShardState, _ expected: ShardState) throws {
        try equal(found.topics.sorted(), expected.topics.sorted(), "the topics")
        try equal(found.looks.events, expected.looks.events, "the interrupted events")
        try equal(found.looks.listeners, expected.looks.listeners, "the interrupted listeners")
    }

    func compareListeners() throws {
        var subjects = ModelWaits.signals.map { ListenerQuestion.Subject.signal($0, run: 1, number: 1) }
        for name in ModelWaits.names { subjects += try ModelWaits.subjects(of: name) }
        for after in [nil] + waits.listeners.suffix(2).map(\.cursor) {
            let questions = subjects.map { ListenerQuestion($0, after: after) }
            let found = try subject.reader.listeners(questions)
            let expected = try model.reader.listeners(questions)
            try equal(found.map(\.found), expected.map(\.found), "the listeners")
            try equal(found.map(\.next), expected.map(\.next), "the cursors")
        }
    }
}
