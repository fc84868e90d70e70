import ApusCore
import ApusEngine

/// Searches for runs, and their numbers. The model check compares random ones.
extension StoreConformance {
    static let search = [
        Check("runs are found by state, function and time, page by page") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let sample = try Population(store)
            try expectEqual(try sample.find(RunQuery(), limit: 2), Array((0..<6).reversed()), "all")
            try expectEqual(try sample.find(RunQuery(isOldestFirst: true), limit: 4), Array(0..<6), "oldest first")
            try expectEqual(try sample.find(RunQuery(states: [.failed]), limit: 1), [3], "failed runs")
            try expectEqual(try sample.find(RunQuery(states: [.queued, .cancelled])), [4, 0], "two states")
            try expectEqual(try sample.find(RunQuery(states: [.running])), [1], "running runs")
            try expectEqual(try sample.find(RunQuery(states: [])), [], "no state")
            let other = RunQuery(functions: [sample.other.id])
            try expectEqual(try sample.find(other, limit: 1), [5, 3, 1], "another function")
            try expectEqual(try sample.find(RunQuery(functions: [.v5(namespace: .oid, name: "?")])), [], "no function")
            let (second, fourth) = (sample.runs[2].row.createdAt, sample.runs[4].row.createdAt)
            try expectEqual(try sample.find(RunQuery(from: second, until: fourth)), [3, 2], "a stretch of time")
            try expectEqual(
                try sample.find(RunQuery(time: .ended, from: sample.runs[3].projection.endedAt)), [5, 4, 3],
                "runs that ended from a time on"
            )
        },
        Check("a page that holds the last run says that it is the last") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            _ = try Population(store)
            try expectEqual(try store.reader.runs(RunQuery(), limit: 6).next, nil, "where to go on")
            try expectEqual(try store.reader.runs(RunQuery(), limit: 0).runs, [], "an empty page")
            let ends = try store.reader.runs(RunQuery(states: [.failed], hasEnds: true), limit: 1).runs.map(\.end)
            try expectEqual(ends, [RunEnd(status: .failed, output: nil)], "the ends")
        },
        Check("numbers of runs outlive the runs") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let sample = try Population(store)
            let all = MinuteParts(from: .epoch, until: .distantFuture, width: 1)
            let counts = try store.reader.runCounts(all, of: nil)
            var sums: [RunState: Int] = [:]
            for count in counts { sums.merge(count.states) { $0 + $1 } }
            let expected: [RunState: Int] = [.queued: 6, .completed: 2, .failed: 1, .cancelled: 1]
            try expectEqual(sums, expected, "the numbers of runs by state")
            _ = try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10)
            store = try harness.reopen(store)
            try expectEqual(try store.reader.runCounts(all, of: nil), counts, "the numbers later")
            let minute = sample.runs[0].row.createdAt
            for none in [(minute, minute), (.distantFuture, .epoch)] as [(Timestamp, Timestamp)] {
                let parts = MinuteParts(from: none.0, until: none.1, width: 1)
                try expectEqual(try store.reader.runCounts(parts, of: nil), [], "the numbers of no time")
            }
            try expectEqual(
                try store.reader.runCounts(all, of: [sample.other.id]).map(\.states),
                [[.queued: 3, .failed: 1, .completed: 1]], "the numbers of a function")
            try expectEqual(try store.reader.runCounts(all, of: []), [], "the numbers of no function")
            try expectEqual(
                try store.reader.runCountsByFunction(all.minutes)[sample.other.id],
                [.queued: 3, .failed: 1, .completed: 1], "the numbers by function")
        },
        Check("events are counted by name, and by the part of the time in which they came in") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owners = try (0..<ShardID(store.shardCount)).map { try Owner(of: $0, store) }
            var stored: [EventRow] = []
            for number in 0..<90 {
                let owner = owners[number % owners.count]
                if number % 7 == 0 { owner.now += .minutes(number % 5) }
                let name = ["shop/paid", "shop/order.placed", "inngest/scheduled.timer"][number % 3]
                stored.append(try owner.event(name))
                try owner.commit([.event(stored[number])])
            }
            let from = stored.map(\.receivedAt).min() ?? .epoch
            let until = (stored.map(\.receivedAt).max() ?? .epoch) + .minutes(1)
            for choice in [.all, .sent, .named("shop/paid"), .named("shop/none")] as [EventChoice] {
                for width in [1, 3, 1_000] as [Int64] {
                    for parts in [
                        MinuteParts(from: from, until: until, width: width),
                        MinuteParts(from: from + .minutes(3), until: until - .minutes(4), width: width),
                    ] {
                        var expected: [Int64: Int] = [:]
                        for event in stored where choice.includes(event.name) {
                            guard let part = parts.part(of: event.receivedAt.milliseconds / 60_000) else { continue }
                            expected[part, default: 0] += 1
                        }
                        let found = try store.reader.eventCounts(parts, of: choice) ?? []
                        try expectEqual(
                            Dictionary(uniqueKeysWithValues: found.map { ($0.minute, $0.count) }), expected,
                            "the numbers of \(choice) in parts of \(width) minutes")
                    }
                }
            }
        },
    ]
}

/// Runs in all states, of two functions by turns: queued, running, completed, failed, cancelled, completed.
private struct Population {
    let store: any Store
    let other = Sample.function("ship")
    private(set) var runs: [StartedRun] = []

    init(_ store: any Store) throws {
        self.store = store
        let owner = try Owner(store)
        try owner.register()
        try owner.commit([.function(other)])
        let ends: [RunStatus?] = [nil, .running, .completed, .failed, .cancelled, .completed]
        for (index, end) in ends.enumerated() {
            let event = try owner.event()
            var run = owner.started(event, function: index % 2 == 0 ? Sample.function : other)
            try owner.commit([.event(event)] + run.writes)
            if let end {
                let entry: JournalEntry =
                    end.isFinal ? .finished(RunEnd(status: end, output: nil)) : .called(job: 0, generation: 1)
                try owner.commit(owner.writes([entry], to: &run))
            }
            runs.append(run)
        }
    }

    /// The runs that all pages of a search hold, by their places.
    func find(_ query: RunQuery, limit: Int = 100) throws -> [Int] {
        var query = query
        var found: [Int] = []
        while true {
            let page = try store.reader.runs(query, limit: limit)
            found += page.runs.compactMap { run in runs.firstIndex { $0.row.id == run.id } }
            guard let next = page.next else { return found }
            query.after = next
        }
    }
}
