import ApusCore
import ApusEngine

/// What both stores answer.
extension ModelTwins {
    mutating func compare() throws {
        let found = subject.reader
        let expected = model.reader
        let time = shards[0].now
        try equal(try found.quarantined(limit: 5), try expected.quarantined(limit: 5), "the inputs set aside")
        for shard in shards.indices {
            try compareWakes(of: ShardID(shard), upTo: shards[shard].now + .seconds(Int64(random.below(60))))
        }
        let keys = (0..<7).map(Sample.key)
        let since = Timestamp(milliseconds: time.milliseconds - Int64(random.below(3_000)))
        try equal(
            try found.functionsStarted(by: keys, since: since), try expected.functionsStarted(by: keys, since: since),
            "what keys started"
        )
        try compareLists(since: since)
        try compareListeners()
        for event in random.sample(of: events, upTo: 10) {
            try equal(try found.event(id: event.id), try expected.event(id: event.id), "an event")
            try equal(try found.runs(ofEvent: event.id), try expected.runs(ofEvent: event.id), "an event's runs")
        }
        for run in random.sample(of: runs, upTo: 20) {
            try equal(try found.run(id: run.row.id), try expected.run(id: run.row.id), "a run")
            try equal(try found.runID(run.row.row), try expected.runID(run.row.row), "a run's id")
            for (found, expected) in [
                (try found.run(run.row.row), try expected.run(run.row.row)),
                (try found.journal(ofRun: run.row.id), try expected.journal(ofRun: run.row.id)),
            ] {
                try equal(found?.turns, expected?.turns, "a journal")
                try equal(found?.events, expected?.events, "a run's events")
                try equal(found?.projection, expected?.projection, "a projection")
            }
        }
    }

    private mutating func compareWakes(of shard: ShardID, upTo: Timestamp) throws {
        let limit = 1 + index(5)
        var after: Wake?
        while true {
            let found = try subject.reader.wakes(of: shard, after: after, upTo: upTo, limit: limit)
            let expected = try model.reader.wakes(of: shard, after: after, upTo: upTo, limit: limit)
            try equal(found, expected, "a page of wake-ups")
            guard found.isFull else { return }
            after = found.wakes.last
        }
    }

    private mutating func compareLists(since: Timestamp) throws {
        let limit = 1 + index(30)
        try compareSearches(limit: limit)
        for name in [nil, "name/\(index(6))"] {
            for since in [nil, since] {
                let found = try subject.reader.events(named: name, before: nil, since: since, limit: limit)
                let expected = try model.reader.events(named: name, before: nil, since: since, limit: limit)
                try equal(found, expected, "the events")
            }
        }
    }

    /// Pages of a search for anything, up to the end.
    private mutating func compareSearches(limit: Int) throws {
        var query = RunQuery(isOldestFirst: index(2) == 0, hasEnds: index(2) == 0)
        if index(3) > 0 { query.states = query.states.filter { _ in index(2) == 0 } }
        if index(2) == 0 { query.functions = Set(runs.prefix(index(3)).map(\.row.function)) }
        query.time = [.created, .started, .ended][index(3)]
        if index(3) == 0, !runs.isEmpty { query.from = runs[index(runs.count)].row.createdAt }
        if index(3) == 0, !runs.isEmpty { query.until = runs[index(runs.count)].row.createdAt }
        for _ in 0..<20 {
            let found = try subject.reader.runs(query, limit: limit)
            try equal(found, try model.reader.runs(query, limit: limit), "what \(query) finds")
            guard let next = found.next else { break }
            query.after = next
        }
        let times = runs.map(\.row.createdAt)
        let (from, until) = (times.min() ?? .epoch, (times.max() ?? .epoch) + .minutes(1 + index(3)))
        let parts = MinuteParts(from: from, until: until, width: Int64(1 + index(4)))
        let counts = try subject.reader.runCounts(parts, of: query.functions)
        try equal(counts, try model.reader.runCounts(parts, of: query.functions), "the numbers of runs")
        let byFunction = try subject.reader.runCountsByFunction(parts.minutes)
        try equal(byFunction, try model.reader.runCountsByFunction(parts.minutes), "the numbers of runs by function")
        let events = try subject.reader.eventCounts(parts, of: .all)
        try equal(events, try model.reader.eventCounts(parts, of: .all), "the numbers of events")
    }

    func equal<Value: Equatable>(
        _ found: Value, _ expected: Value, _ what: String, file: String = #fileID, line: Int = #line
    ) throws {
        try expectEqual(found, expected, "\(what) with seed \(seed)", file: file, line: line)
    }
}

extension SplitMix64 {
    fileprivate mutating func sample<Element>(of elements: [Element], upTo count: Int) -> [Element] {
        guard !elements.isEmpty else { return [] }
        return (0..<count).map { _ in elements[Int(below(UInt64(elements.count)))] }
    }
}
