import ApusCore
import ApusEngine

/// Who is found by an event or a signal.
extension StoreConformance {
    static let listeners = [
        Check("a listener is found by its topic and its key, and by nothing else") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let path = Sample.path("data", "order", "id")
            let subject = try Sample.subject("shop/paid", data: #"{"order":{"id":"A-1"}}"#)
            let listener = try Sample.listener(run: 5, number: 3, of: subject, path: path, condition: "async.data.x")
            var elsewhere = [listener, listener, listener, listener]
            elsewhere[0].key &+= 1
            elsewhere[1].topic.name = "shop/pai"
            elsewhere[2].topic.path = Sample.path("data", "order")
            // A path that an event does not have is not looked for, even with the key of those that have none.
            elsewhere[3].topic.path = Sample.path("data", "none")
            elsewhere[3].key = ListenerKey.none
            for index in elsewhere.indices { elsewhere[index].run = 10 + RowID(index) }
            try owner.commit([.listen(listener)] + elsewhere.map(Write.listen))
            try expectListeners([listener], of: subject, in: store, "an event with the key")
            for data in [#"{"order":{"id":"A-2"}}"#, #"{"order":{}}"#, #"{"order":{"id":{}}}"#, "{}"] {
                try expectListeners([], of: try Sample.subject("shop/paid", data: data), in: store, data)
            }
            let other = try Sample.subject("shop/paid.late", data: #"{"order":{"id":"A-1"}}"#)
            try expectListeners([], of: other, in: store, "another event")
        },
        Check("listeners without a key are found by every event of their name") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let all = [
                Sample.listener(run: 2, name: "shop/paid", condition: "async.data.total > 5"),
                Sample.listener(run: 1, number: .max, name: "shop/paid"),
            ]
            let subject = try Sample.subject("shop/paid", data: #"{"id":1}"#)
            let keyed = try Sample.listener(run: 1, number: 2, of: subject, path: Sample.path("data", "id"))
            let other = Sample.listener(run: 3, name: "shop/paid.late")
            try owner.commit((all + [keyed, other]).map(Write.listen))
            try expectListeners(all + [keyed], of: subject, in: store, "an event with the key")
            try expectListeners(all, of: try Sample.subject("shop/paid"), in: store, "an event without it")
            try expectListeners([], of: try Sample.subject("shop"), in: store, "an event of another name")
        },
        Check("signals are found by their name") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let paid = [
                Sample.listener(run: 9, signal: "paid"), Sample.listener(run: 4, number: 2, signal: "paid"),
            ]
            let empty = Sample.listener(run: 5, signal: "")
            let event = Sample.listener(run: 6, name: "paid")
            try owner.commit((paid + [empty, event]).map(Write.listen))
            try expectListeners(paid, of: .signal("paid", run: 9, number: 1), in: store, "the signal")
            try expectListeners([empty], of: .signal("", run: 9, number: 1), in: store, "the signal without a name")
            try expectListeners([], of: .signal("pai", run: 9, number: 1), in: store, "another signal")
            try expectListeners([event], of: try Sample.subject("paid"), in: store, "an event of the signal's name")
        },
        Check("listeners are read page by page, over paths, runs and numbers") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let subject = try Sample.subject("shop/paid", data: #"{"a":true,"b":2.5}"#)
            let paths = ["", Sample.path("data", "a"), Sample.path("data", "b")]
            var all: [ListenerRow] = []
            func listen(upTo count: Int) throws {
                var writes: [Write] = []
                while all.count < count {
                    // Runs with many listeners each, so that pages end within a run and between two.
                    let (run, number) = (RowID(1 + all.count / 7 % 150), ListenerNumber(all.count / 1_050 * 7))
                    let row = try Sample.listener(
                        run: 200 - run, number: number + ListenerNumber(all.count % 7), of: subject,
                        path: paths[(all.count * 5 + all.count / 7) % 3]
                    )
                    all.append(row)
                    writes.append(.listen(row))
                }
                try owner.commit(writes)
            }
            for count in [1, ListenerQuestion.page, ListenerQuestion.page + 1, 2 * ListenerQuestion.page, 3_333] {
                try listen(upTo: count)
                try expectListeners(all, of: subject, in: store, "\(count) waits")
            }
            // A cursor need not be at a listener that is still there.
            let sorted = all.sorted { $0.cursor < $1.cursor }
            let gone = sorted[1_234]
            try owner.commit([.unlisten(run: gone.run, number: gone.number)])
            let rest = try store.reader.listeners([ListenerQuestion(subject, after: gone.cursor)])
            try expectEqual(rest[0].found, Array(sorted[1_235..<2_235]), "the page after a listener that is gone")
        },
        Check("listeners of all shards are found, and several questions at once") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let subject = try Sample.subject("shop/paid", data: #"{"id":"A"}"#)
            var all: [ListenerRow] = []
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                let first = RowCounters.firstRow(of: shard)
                all.append(try Sample.listener(run: first + 1, of: subject, path: Sample.path("data", "id")))
                all.append(Sample.listener(run: first, name: "shop/paid"))
                try owner.commit(all.suffix(2).map(Write.listen))
            }
            try expectListeners(all, of: subject, in: store, "the event")
            let pages = try store.reader.listeners([
                ListenerQuestion(try Sample.subject("shop/none")), ListenerQuestion(subject),
                ListenerQuestion(.signal("x", run: 1, number: 1)),
            ])
            try expectEqual(pages.map(\.found.count), [0, all.count, 0], "the listeners of three questions")
            try expect(pages.allSatisfy { $0.next == nil }, "there is a cursor where nothing more is")
            try expect(try store.reader.listeners([]).isEmpty, "there are answers without questions")
        },
        Check("listeners are removed one by one, or all of a run") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let subject = try Sample.subject("shop/paid")
            var all = [(1, 1), (1, 2), (1, .max), (2, 1), (2, 2), (3, 1)].map {
                Sample.listener(run: $0, number: $1, name: "shop/paid")
            }
            try owner.commit(all.map(Write.listen))
            try owner.commit([.unlisten(run: 1, number: 2), .unlisten(run: 3, number: 2), .unlisten(run: 9, number: 1)])
            all.remove(at: 1)
            try expectListeners(all, of: subject, in: store, "the event after one was removed")
            try owner.commit([.unlistenAll(run: 2), .unlistenAll(run: 9)])
            all.removeAll { $0.run == 2 }
            try expectListeners(all, of: subject, in: store, "the event after a run's were removed")
            // In the order of the writes: what a batch removes it can store again.
            let again = Sample.listener(run: 1, number: 1, name: "shop/paid", condition: "again")
            let next = Sample.listener(run: 4, number: 7, name: "shop/paid")
            try owner.commit([
                .unlisten(run: 1, number: 1), .listen(again), .listen(next), .unlistenAll(run: 4), .listen(next),
                .unlisten(run: 4, number: 7), .listen(next), .unlistenAll(run: 3),
            ])
            try expectListeners([again, all[1], next], of: subject, in: store, "the event at the end")
        },
        Check("names, paths and conditions keep every byte") { harness in
            var store = try harness.emptyStore()
            let owner = try Owner(store)
            // Two of them are equal as Swift sees them.
            let texts = ["a", "a\u{0}", "caf\u{e9}", "cafe\u{301}", "a\u{1f}b", "\u{1f}", " A", "🕊️"]
            var all: [ListenerRow] = []
            for (run, name) in texts.enumerated() {
                all.append(Sample.listener(run: RowID(run), number: 0, name: name, condition: name))
                for (number, path) in zip(ListenerNumber(1)..., texts) {
                    all.append(Sample.listener(run: RowID(run), number: number, name: name, path: path))
                }
            }
            try owner.commit(all.map(Write.listen))
            let fields = ["caf\u{e9}", "cafe\u{301}", "a\u{0}", "a", "", " A"]
            let subjects = try fields.map { try Sample.subject("shop/fields", data: Sample.object($0)) }
            let keyed = try zip(fields, subjects).enumerated().map { index, pair in
                try Sample.listener(run: 100 + RowID(index), of: pair.1, path: Sample.path("data", pair.0))
            }
            try owner.commit(keyed.map(Write.listen))
            store = try harness.reopen(store)
            defer { store.close() }
            for (run, name) in texts.enumerated() {
                let found = try listenersFound(by: try Sample.subject(name), in: store)
                try expectEqual(found, [all[run * (texts.count + 1)]], "the listeners of \(name.debugDescription)")
                let isKept = found[0].condition?.hasBytes(of: name) ?? false
                try expect(isKept, "the condition \(name.debugDescription) has changed")
            }
            for (subject, listener) in zip(subjects, keyed) {
                try expectListeners([listener], of: subject, in: store, listener.topic.path.debugDescription)
            }
            let topics = try store.claim(0).state.topics
            try expectEqual(topics.sorted(), (all + keyed).map(\.topic).sorted(), "the topics")
        },
        Check("a run's id is found by its row") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let run = try owner.finishedRun(event)
            try expectEqual(try store.reader.runID(run.row.row), run.row.id, "the id")
            try expectEqual(try store.reader.runID(run.row.row + 1), nil, "the id of a run that does not exist")
        },
    ]
}
