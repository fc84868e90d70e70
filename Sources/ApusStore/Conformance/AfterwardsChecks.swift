import ApusCore
import ApusEngine

/// What comes to a run beside what it does itself: spans of its app, notes after its end, and forgetting it all.
extension StoreConformance {
    static let afterwards = [
        Check("the journal of a run that has ended goes on, and its end stays where it was") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let run = try owner.finishedRun(event, output: Payload(Sample.json(bytes: 40)))
            let update = MetadataUpdate(kind: "userland.x", operation: .merge, values: Sample.json(bytes: 30))
            let note = Turn(
                at: owner.now, entries: [.annotated(Annotation(target: .run, update: update))])
            var head = run.projection.head
            for _ in 0..<2 {
                let row = draw(&owner.rows.turn)
                try owner.commit([
                    .turn(row: row, run: run.row.row, previous: head, note), .extended(run: run.row.row, head: row),
                ])
                head = row
            }
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            let reader = reopened.reader
            try expectEqual(try reader.journal(ofRun: run.row.id)?.turns, run.turns + [note, note], "the journal")
            let stored = try require(try reader.run(id: run.row.id), "the run")
            try expectEqual(stored.end?.output?.json, Sample.json(bytes: 40), "the output")
            try expectEqual(stored.projection.head, head, "the newest row")
            try expectEqual(try reopened.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 10), 1, "removed runs")
        },
        Check("the journal of a run that lives goes on by its projection alone") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let run = owner.started(event)
            try owner.commit([.event(event)] + run.writes)
            try expectError(.rejected, "extending a living run") { () throws(StoreError) in
                try owner.commit([.extended(run: run.row.row, head: 1)])
            }
        },
        Check("spans are kept once, up to a limit, and go with their run") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let run = try owner.finishedRun(try owner.event())
            let other = try owner.finishedRun(try owner.event())
            try expectEqual(try store.keep([Sample.span(1)], of: ULID(high: 1, low: 1)), nil, "spans of no run")
            try expectEqual(try store.keep([Sample.span(2), Sample.span(1)], of: run.row.id), 2, "kept spans")
            try expectEqual(try store.keep([Sample.span(1, "again")], of: run.row.id), 1, "kept again")
            try expectEqual(
                try store.reader.spans(ofRun: run.row.id), [Sample.span(1, "again"), Sample.span(2)], "the spans")
            let many = (1...UInt64(AppSpan.countLimit) + 5).map { Sample.span($0) }
            try expectEqual(try store.keep(many, of: other.row.id), AppSpan.countLimit, "spans up to the limit")
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            try expectEqual(try reopened.reader.spans(ofRun: run.row.id).count, 2, "spans after a restart")
            try expectEqual(try reopened.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 1), 1, "removed runs")
            try expectEqual(try reopened.reader.spans(ofRun: run.row.id).count, 0, "spans of a removed run")
        },
        Check("a reset forgets everything and takes the shards from their owners") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let run = try owner.finishedRun(try owner.event("shop/reset"))
            _ = try store.keep([Sample.span(1)], of: run.row.id)
            try store.reset()
            try expectError(.stale, "a commit of the owner before") { () throws(StoreError) in
                try owner.commit([.app(Sample.app)])
            }
            let next = try Owner(store)
            try expect(try store.reader.run(id: run.row.id) == nil, "the run is left")
            try expect(
                try store.reader.events(named: nil, before: nil, since: nil, limit: 10).isEmpty, "events are left")
            try expect(try store.claim(0).state.registry.functions.isEmpty, "functions are left")
            _ = next
            // Names and functions get rows anew.
            let again = try Owner(store)
            try again.register()
            try again.finishedRun(try again.event("shop/reset"))
            try expectEqual(try store.reader.events(named: nil, before: nil, since: nil, limit: 10).count, 1, "events")
        },
    ]
}

extension Sample {
    static func span(_ id: UInt64, _ name: String = "query") -> AppSpan {
        let text =
            #"{"attempt":1,"attributes":{"a":[1]},"end":"1732170000000000002","id":"\#(String(id, radix: 16))","#
            + #""kind":3,"message":"","name":"\#(name)","scope":"größer","start":"1732170000000000001","status":2,"#
            + #""step":"\#(StepID.hashing("a"))"}"#
        guard let json = try? RawJSON(parsing: Array(text.utf8)), let span = AppSpan(stored: json) else {
            preconditionFailure("the sample is a span")
        }
        return span
    }
}
