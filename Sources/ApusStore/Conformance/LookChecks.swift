import ApusCore
import ApusEngine

/// What a shard's next owner learns of listeners, and what refused batches and pruning leave of them.
extension StoreConformance {
    static let looks = [
        Check("a claim gives the topics under which something is kept, by whatever shard") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let last = ShardID(store.shardCount - 1)
            let owner = try Owner(of: last, store)
            try expectEqual(owner.state.topics, [], "the topics of an empty store")
            let rows = [
                Sample.listener(run: 1, number: 1, name: "shop/paid"),
                Sample.listener(run: 1, number: 2, name: "shop/paid"),
                Sample.listener(run: 2, number: 1, name: "shop/paid", path: Sample.path("data", "id"), key: 7),
                Sample.listener(run: 3, signal: "paid"),
            ]
            try owner.commit(rows.map(Write.listen))
            let topics = [
                ListenerTopic.signals, ListenerTopic(name: "shop/paid", path: ""),
                ListenerTopic(name: "shop/paid", path: Sample.path("data", "id")),
            ]
            for shard in 0..<ShardID(store.shardCount) where shard != last {
                try expectEqual(try store.claim(shard).state.topics.sorted(), topics, "the topics")
            }
            // One of two stays, and so does its topic.
            try owner.commit([.unlisten(run: 1, number: 1), .unlistenAll(run: 2)])
            store = try harness.reopen(store)
            try expectEqual(try store.claim(0).state.topics.sorted(), Array(topics[..<2]), "the topics that are left")
            let next = try Owner(of: last, store)
            // A topic that was gone comes back.
            try next.commit([.unlistenAll(run: 1), .unlistenAll(run: 3), .listen(rows[2])])
            try expectEqual(try store.claim(0).state.topics, [topics[2]], "the topic that came back")
            try expectEqual(try store.claim(last).state.topics, [topics[2]], "the topic that came back")
        },
        Check("events that have not reached their listeners come back with the claim of their shard") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var expected: [ShardID: [EventRow]] = [:]
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                let events = try (0..<4).map { number in
                    try owner.event(
                        "shop/e-\(number)", key: number == 2 ? Sample.key(UInt64(shard)) : nil,
                        body: #"{"data":\#(number)}"#
                    )
                }
                try owner.commit(events.flatMap { [.event($0), .lookPending(event: $0.row)] })
                // A mark that is there already, and one that is not there any more, make no difference.
                try owner.commit([.lookPending(event: events[3].row), .lookDone(event: events[1].row)])
                try owner.commit([.lookDone(event: events[1].row)])
                expected[shard] = [events[0], events[2], events[3]]
            }
            store = try harness.reopen(store)
            for (shard, events) in expected {
                let found = try store.claim(shard).state.looks
                try expectEqual(found.events, events, "the events of shard \(shard)")
                try expect(found.listeners.isEmpty, "there are listeners")
            }
            let owner = try Owner(store)
            try owner.commit((expected[0] ?? []).map { .lookDone(event: $0.row) })
            try expectEqual(try store.claim(0).state.looks.events, [], "the events after all looks were done")
        },
        Check("listeners that look back come back with the claim of their shard") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var expected: [ShardID: [ListenerRow]] = [:]
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                let run = RowCounters.firstRow(of: shard)
                let rows = [
                    Sample.listener(run: run + 1, number: 5, name: "shop/paid", condition: "x", looksBack: true),
                    Sample.listener(run: run + 1, number: 2, name: "shop/paid", path: "p", key: .max, looksBack: true),
                    Sample.listener(run: run, signal: "paid", looksBack: true),
                    Sample.listener(run: run, number: .max, name: "shop/paid"),
                    Sample.listener(run: run + 2, number: 1, name: "shop/paid", looksBack: true),
                    Sample.listener(run: run + 2, number: 2, name: "shop/paid", looksBack: true),
                ]
                try owner.commit(rows.map(Write.listen))
                try owner.commit([
                    .lookedBack(run: run + 2, number: 1), .unlisten(run: run + 2, number: 2),
                    .lookedBack(run: run + 9, number: 1),
                ])
                expected[shard] = [rows[2], rows[1], rows[0]]
            }
            store = try harness.reopen(store)
            for (shard, rows) in expected {
                let found = try store.claim(shard).state.looks
                try expectEqual(found.listeners, rows, "the listeners of shard \(shard)")
                try expect(found.events.isEmpty, "there are events")
            }
            // One that has looked back is still found.
            let found = try listenersFound(by: try Sample.subject("shop/paid"), in: store)
            let first = RowCounters.firstRow(of: 0)
            let done = try require(found.first { $0.run == first + 2 }, "the listener that has looked back")
            try expect(!done.looksBack, "the listener still looks back")
            let owner = try Owner(store)
            try owner.commit((expected[0] ?? []).map { .lookedBack(run: $0.run, number: $0.number) })
            try expectEqual(try store.claim(0).state.looks.listeners, [], "the listeners after all have looked back")
        },
        Check("a batch that is refused leaves no listener and no look") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let event = try owner.event()
            let kept = [
                Sample.listener(run: 1, number: 1, name: "shop/paid", looksBack: true),
                Sample.listener(run: 2, number: 1, name: "shop/paid"),
            ]
            try owner.commit([.event(event), .lookPending(event: event.row)] + kept.map(Write.listen))
            let new = try owner.event("shop/new")
            let refused: [Write] = [
                .event(new), .lookPending(event: new.row), .lookDone(event: event.row),
                .listen(Sample.listener(run: 1, number: 2, name: "shop/new", looksBack: true)),
                .lookedBack(run: 1, number: 1), .unlistenAll(run: 2),
            ]
            let faults: [(String, Write)] = [
                ("a listener that exists", .listen(Sample.listener(run: 1, number: 1, name: "shop/paid"))),
                ("a listener of another topic that exists", .listen(Sample.listener(run: 1, signal: "paid"))),
                ("a listener twice", .listen(Sample.listener(run: 1, number: 2, name: "shop/new"))),
                ("an event that exists", .event(event)),
            ]
            for (fault, write) in faults {
                try expectError(.rejected, "a batch with \(fault)") { () throws(StoreError) in
                    try owner.commit(refused + [write])
                }
                try expectListeners(kept, of: try Sample.subject("shop/paid"), in: store, "the event after \(fault)")
                try expectListeners([], of: try Sample.subject("shop/new"), in: store, "the refused event")
                try expectListeners([], of: .signal("paid", run: 1, number: 1), in: store, "the refused signal")
            }
            // The topics of refused batches must not be remembered either.
            let later = Sample.listener(run: 3, name: "shop/new")
            try owner.commit([.listen(later)])
            try expectListeners([later], of: try Sample.subject("shop/new"), in: store, "the event that came later")
            let state = try store.claim(0).state
            try expectEqual(state.looks.events, [event], "the interrupted events")
            try expectEqual(state.looks.listeners, [kept[0]], "the interrupted listeners")
            try expectEqual(state.topics.map(\.name).sorted(), ["shop/new", "shop/paid"], "the topics")
        },
        Check("making room leaves those who wait, and events that have not reached them") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let (pending, early) = (try owner.event("shop/paid"), try owner.event("shop/paid"))
            let live = owner.started(early)
            try owner.commit([.event(pending), .lookPending(event: pending.row), .event(early)] + live.writes)
            let waiting = Sample.listener(run: live.row.row, name: "shop/paid", looksBack: true)
            try owner.commit([.listen(waiting)])
            let event = try owner.event("shop/paid")
            let ended = try owner.finishedRun(event)
            // Nothing reaches a run that has ended.
            try owner.commit([
                .listen(Sample.listener(run: ended.row.row, name: "shop/paid")), .lookPending(event: event.row),
            ])
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10), 1, "removed runs")
            try expectStored(live, early, in: store)
            try expectListeners([waiting], of: try Sample.subject("shop/paid"), in: store, "the event")
            let looks = try store.claim(0).state.looks
            try expectEqual(looks.events, [pending, event], "the events that have not reached their listeners")
            try expectEqual(looks.listeners, [waiting], "the listeners that look back")
            // Once they have, they go as well.
            let next = try Owner(store)
            try next.commit([.lookDone(event: pending.row), .lookDone(event: event.row)])
            try expectEqual(try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10), 0, "removed runs")
            let left = try store.reader.events(named: nil, before: nil, since: nil, limit: 10)
            try expectEqual(left.map(\.row), [early.row], "the events that are left")
        },
    ]
}
