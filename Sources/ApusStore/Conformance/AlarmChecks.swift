import ApusCore
import ApusEngine

/// When runs are to be woken.
extension StoreConformance {
    static let alarms = [
        Check("wake-up times are read page by page, also where many are equal") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                try owner.register()
                let base = owner.now + .hours(1)
                var expected: [Wake] = []
                let event = try owner.event()
                var writes: [Write] = [.event(event)]
                for number in 0..<300 {
                    let at = base + .seconds(number * 7 % 10)
                    let run = owner.started(event, wakeAt: at)
                    writes += run.writes
                    expected.append(Wake(at: at, run: run.row.row))
                }
                try owner.commit(writes)
                expected.sort()
                for limit in [1, 7, 30, 299, 300, 301] {
                    let all = try wakes(of: shard, in: store, upTo: .distantFuture, limit: limit)
                    try expectEqual(all, expected, "the wake-ups, \(limit) a page")
                }
                let until = base + .seconds(4)
                let early = try wakes(of: shard, in: store, upTo: until, limit: 20)
                try expectEqual(early, expected.filter { $0.at <= until }, "the wake-ups until a time")
                let rest = try store.reader.wakes(
                    of: shard, after: Wake(at: until, run: .max), upTo: .distantFuture, limit: 1_000
                )
                try expectEqual(rest.wakes, expected.filter { $0.at > until }, "the wake-ups after a time")
                try expect(!rest.isFull, "a page with room is full")
                try expectEqual(rest.upTo, .distantFuture, "the end of the page")
                let exact = try store.reader.wakes(of: shard, after: nil, upTo: .distantFuture, limit: 300)
                try expect(!exact.isFull, "a page that holds the last wake-up is full")
            }
        },
        Check("times that have come are given as due from the start") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let past = owner.started(event, wakeAt: owner.now - .seconds(1))
            var present = owner.started(event, wakeAt: owner.now)
            let future = owner.started(event, wakeAt: owner.now + .milliseconds(1))
            try owner.commit([.event(event)] + past.writes + present.writes + future.writes)
            let start = Timestamp(milliseconds: 0)
            let later = Wake(at: owner.now, run: future.row.row)
            try expectEqual(
                try wakes(of: 0, in: store, upTo: owner.now, limit: 2),
                [Wake(at: start, run: past.row.row), Wake(at: start, run: present.row.row), later], "the wake-ups"
            )
            // The exact time is still part of the projection.
            try expectStored(past, event, in: store)
            try owner.commit(owner.writes([.called(job: 0, generation: 1)], to: &present, wakeAt: owner.now))
            try expectStored(present, event, in: store)
            try owner.commit(
                owner.writes([.planMode(true)], to: &present, wakeAt: owner.now + .hours(2))
            )
            try expectEqual(
                try wakes(of: 0, in: store, upTo: owner.now, limit: 2),
                [Wake(at: start, run: past.row.row), later], "the wake-ups after one run fell asleep"
            )
        },
        Check("a run without an alarm and one that has ended are not woken") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            var quiet = owner.started(event)
            var ended = owner.started(event)
            try owner.commit([.event(event)] + quiet.writes + ended.writes)
            let page = try wakes(of: 0, in: store, upTo: owner.now, limit: 10)
            try expectEqual(page.count, 2, "the number of wake-ups")
            let end = JournalEntry.finished(RunEnd(status: .cancelled, output: nil))
            try owner.commit(
                owner.writes([.planMode(true)], to: &quiet, wakeAt: nil) + owner.writes([end], to: &ended)
            )
            try expectEqual(try wakes(of: 0, in: store, upTo: .distantFuture, limit: 10), [], "the wake-ups")
            try owner.commit(owner.writes([.planMode(false)], to: &quiet, wakeAt: owner.now + .hours(1)))
            let again = try wakes(of: 0, in: store, upTo: .distantFuture, limit: 10)
            try expectEqual(again.map(\.run), [quiet.row.row], "the wake-ups")
        },
    ]

    /// All wake-ups of a shard until a time, read in pages, as a shard does.
    private static func wakes(
        of shard: ShardID, in store: any Store, upTo: Timestamp, limit: Int
    ) throws -> [Wake] {
        var found: [Wake] = []
        while true {
            let page = try store.reader.wakes(of: shard, after: found.last, upTo: upTo, limit: limit)
            try expect(page.wakes.count <= limit, "a page holds \(page.wakes.count) instead of \(limit) at most")
            try expectEqual(page.upTo, upTo, "the end of the page")
            found += page.wakes
            guard page.isFull else { return found }
            try expectEqual(page.wakes.count, limit, "the size of a full page")
        }
    }
}
