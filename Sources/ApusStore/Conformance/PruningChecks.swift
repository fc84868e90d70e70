import ApusCore
import ApusEngine

/// Making room.
extension StoreConformance {
    static let pruning = [
        Check("the oldest finished runs go first, and running ones never") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            var ended: [(event: EventRow, run: StartedRun)] = []
            var live: [(event: EventRow, run: StartedRun)] = []
            for number in 0..<60 {
                let event = try owner.event()
                if number % 4 == 0 {
                    let run = owner.started(event)
                    live.append((event, run))
                    try owner.commit([.event(event)] + run.writes)
                } else {
                    let output = Payload(Sample.json(bytes: 5_000), row: draw(&owner.rows.payload))
                    ended.append((event, try owner.finishedRun(event, output: output)))
                }
            }
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: .max, atMost: 10), 0, "removed runs")
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10), 10, "removed runs")
            for (index, (event, run)) in ended.enumerated() {
                let isLeft = index >= 10
                try expectEqual(
                    try store.reader.run(run.row.row) != nil, isLeft, "whether finished run \(index) is left")
                try expectEqual(try store.reader.event(id: event.id) != nil, isLeft, "whether its event is left")
            }
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 1_000), 35, "removed runs")
            for (event, run) in live { try expectStored(run, event, in: store) }
            try expectEqual(try store.reader.runs(RunQuery(), limit: 100).runs.count, 15, "the runs that are left")
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            try expectEqual(try reopened.claim(0).state.rows, owner.rows, "the row counters")
        },
        Check("events that started nothing go with the runs of their age") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let idle = try owner.event("shop/ignored.early")
            try owner.commit([.event(idle)])
            let event = try owner.event()
            let run = try owner.finishedRun(event)
            let late = try owner.event("shop/ignored.late")
            try owner.commit([.event(late)])
            let last = try owner.event()
            try owner.finishedRun(last)
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 1), 1, "removed runs")
            let reader = store.reader
            try expect(try reader.run(id: run.row.id) == nil, "the run is left")
            try expect(try reader.event(id: idle.id) == nil, "the event that started nothing is left")
            try expect(try reader.event(id: event.id) == nil, "the event is left")
            try expect(try reader.event(id: late.id) != nil, "a later event is gone")
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10), 1, "removed runs")
            try expect(try reader.events(named: nil, before: nil, since: nil, limit: 10).isEmpty, "events are left")
            // Names that nothing uses any more can come back.
            let again = try owner.event("shop/ignored.early")
            try owner.commit([.event(again)])
            try expectEqual(try reader.event(id: again.id)?.name, "shop/ignored.early", "the name")
        },
        Check("an event that still has a run stays") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event(key: Sample.key(5))
            let live = owner.started(event)
            try owner.commit([.event(event)] + live.writes)
            var ended = owner.started(event)
            try owner.commit(ended.writes)
            try owner.commit(owner.writes([.finished(RunEnd(status: .completed, output: nil))], to: &ended))
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10), 1, "removed runs")
            try expectStored(live, event, in: store)
            try expectEqual(
                try store.reader.functionsStarted(by: [Sample.key(5)], since: .epoch),
                [Sample.key(5): [Sample.function.id]], "what the key started"
            )
        },
        Check("runs that make a repeat harmless go last") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let expired = try owner.event(key: Sample.key(1))
            let first = try owner.finishedRun(expired)
            owner.now += .hours(25)
            let fresh = try owner.event(key: Sample.key(2))
            let second = try owner.finishedRun(fresh)
            let unnamed = try owner.event()
            let third = try owner.finishedRun(unnamed)
            for removed in [first, third, second] {
                try expect(try store.reader.run(id: removed.row.id) != nil, "run \(removed.row.row) went too early")
                try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 1), 1, "removed runs")
                try expect(try store.reader.run(id: removed.row.id) == nil, "run \(removed.row.row) is left")
            }
        },
    ]
}
