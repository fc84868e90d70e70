import ApusCore
import ApusEngine

/// Runs, their journals and their payloads.
extension StoreConformance {
    static let history = [
        Check("what was committed is read back") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                try owner.register()
                let event = try owner.event(body: #"{"data":{"total":12.5},"name":"shop/order.placed"}"#)
                var run = owner.started(event)
                try owner.commit([.event(event)] + run.writes)
                try expectStored(run, event, in: store)
                try owner.commit(owner.writes([.called(job: 0, generation: 1)], to: &run, wakeAt: owner.now))
                try expectStored(run, event, in: store)
                let end = RunEnd(status: .failed, output: Payload(Sample.json(bytes: 300)), cause: "no")
                try owner.commit(owner.writes([.answered(job: 0, version: 2), .finished(end)], to: &run))
                try expectStored(run, event, end: end, in: store)
            }
        },
        Check("every kind of entry survives, with its payload") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let row = owner.run(of: event)
            let payload = Payload(Sample.json(bytes: 100_000), row: draw(&owner.rows.payload))
            let start = RunStart(id: row.id, function: row.function, functionSlug: "shop-confirm", events: [event.row])
            let turn = Sample.everyEntry(at: owner.now, run: start, payload: payload)
            let head = draw(&owner.rows.turn)
            let projection = RunProjection(
                status: .failed, startedAt: owner.now, endedAt: owner.now + .seconds(1), wakeAt: nil, head: head
            )
            try owner.commit([
                .event(event), .payload(row: payload.row ?? 0, payload.json), .run(row),
                .turn(row: head, run: row.row, previous: 0, turn), .projection(run: row.row, projection),
            ])
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            let loaded = try require(try reopened.reader.run(row.row), "the run")
            try expectEqual(loaded.turns, [turn], "the journal")
            try expectEqual(loaded.projection, projection, "the projection")
            try expectEqual(
                try reopened.reader.run(id: row.id)?.end,
                RunEnd(status: .failed, output: payload, cause: "invalid status code: 500"), "the end"
            )
        },
        Check("of several projections in a batch the last one counts") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            var run = owner.started(event)
            var writes: [Write] = [.event(event)] + run.writes
            for job in 1..<5 {
                writes += owner.writes(
                    [.called(job: JobNumber(job), generation: 1)], to: &run, wakeAt: owner.now + .seconds(job)
                )
            }
            try owner.commit(writes)
            try expectStored(run, event, in: store)
            writes = []
            for job in 5..<9 {
                writes += owner.writes(
                    [.called(job: JobNumber(job), generation: 1)], to: &run, wakeAt: owner.now + .seconds(job)
                )
            }
            try owner.commit(writes)
            try expectStored(run, event, in: store)
            let page = try store.reader.wakes(of: 0, after: nil, upTo: .distantFuture, limit: 10)
            try expectEqual(page.wakes.map(\.run), [run.row.row], "the runs to wake")
        },
        Check("a run can begin and end in one batch") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let run = try owner.finishedRun(event)
            try expectStored(run, event, end: RunEnd(status: .completed, output: nil), in: store)
            try expectError(.rejected, "a projection of a run that has ended") { () throws(StoreError) in
                try owner.commit([.projection(run: run.row.row, run.projection)])
            }
        },
        Check("a run without a projection has just begun") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let run = owner.run(of: event)
            try owner.commit([.event(event), .run(run)])
            let loaded = try require(try store.reader.run(run.row), "the run")
            try expectEqual(
                loaded.projection,
                RunProjection(status: .running, startedAt: nil, endedAt: nil, wakeAt: nil, head: 0), "the projection"
            )
            try expect(loaded.turns.isEmpty && loaded.events.isEmpty, "the run has a history")
        },
        Check("long journals of runs that take turns are told apart") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            var runs = (0..<5).map { _ in owner.started(event) }
            try owner.commit([.event(event)] + runs.flatMap(\.writes))
            for round in 0..<200 {
                var writes: [Write] = []
                for index in runs.indices {
                    let entry = JournalEntry.called(job: JobNumber(round), generation: UInt32(index))
                    writes += owner.writes([entry], to: &runs[index], wakeAt: owner.now)
                }
                try owner.commit(writes)
            }
            for run in runs { try expectStored(run, event, in: store) }
        },
        Check("payloads of up to 4 MiB and odd texts survive") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let body = #"{"data":{"":"\u0000\ud83d","zwölf":"👩‍👩‍👧 é é ﷽","nul\u0000":null}}"#
            let event = try owner.event("ünïcode/\u{0}👋.e\u{301}", body: body)
            let twin = try owner.event("ünïcode/\u{0}👋.\u{e9}", body: body)
            let huge = try owner.event("shop/huge", body: Sample.json(bytes: 4 << 20).description)
            try owner.commit([.event(event), .event(twin), .event(huge)])
            var run = owner.started(huge)
            let payload = Payload(Sample.json(bytes: 4 << 20, seed: 9), row: draw(&owner.rows.payload))
            let result = StepResult(
                step: .hashing("big"), outcome: .completed, memo: payload, label: StepLabel(name: "big", kind: .run)
            )
            try owner.commit(
                [.payload(row: payload.row ?? 0, payload.json)] + run.writes
                    + owner.writes([.stepFinished(result)], to: &run, wakeAt: nil)
            )
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            try expectStored(run, huge, in: reopened)
            for event in [event, twin] {
                let found = try require(try reopened.reader.event(id: event.id), "the event")
                try expect(found.name.utf8.elementsEqual(event.name.utf8), "the name has other bytes")
                try expectEqual(found.body, event.body, "the body")
                let named = try reopened.reader.events(named: event.name, before: nil, since: nil, limit: 10)
                try expectEqual(named.map(\.row), [event.row], "the events of this name")
            }
        },
        Check("ten thousand runs are listed page by page") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            var expected: [RowID] = []
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                try owner.register()
                for _ in 0..<100 {
                    var writes: [Write] = []
                    for _ in 0..<(100 / store.shardCount) {
                        let event = try owner.event()
                        let run = owner.started(event)
                        writes += [.event(event)] + run.writes
                        expected.append(run.row.row)
                    }
                    try owner.commit(writes)
                }
            }
            var found: [StoredRun] = []
            var query = RunQuery()
            while true {
                let page = try store.reader.runs(query, limit: 700)
                found += page.runs
                guard let next = page.next else { break }
                query.after = next
            }
            try expectEqual(found.map(\.row).sorted(), expected.sorted(), "the runs")
            try expect(
                zip(found, found.dropFirst()).allSatisfy { $1.position < $0.position }, "the newest are not first")
            try expectEqual(try store.reader.runs(RunQuery(), limit: .max).runs.count, 1_000, "the largest page")
            let events = try store.reader.events(named: nil, before: nil, since: nil, limit: .max)
            try expectEqual(events.count, 1_000, "the largest page of events")
        },
        Check("what does not exist is not found") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let id = ULID(high: 1, low: 2)
            let reader = store.reader
            try expect(try reader.run(1) == nil, "a run is found")
            try expect(try reader.journal(ofRun: id) == nil, "a journal is found")
            try expect(try reader.run(id: id) == nil, "a run is found")
            try expect(try reader.event(id: id) == nil, "an event is found")
            try expect(try reader.runs(ofEvent: id).isEmpty, "runs are found")
            try expect(try reader.runs(RunQuery(), limit: 10).runs.isEmpty, "runs are found")
            try expect(
                try reader.events(named: "no/such", before: nil, since: nil, limit: 10).isEmpty, "events are found"
            )
        },
    ]

    /// Expects a run to be read back the same by every way there is.
    static func expectStored(
        _ run: StartedRun, _ event: EventRow, end: RunEnd? = nil, in store: any Store,
        file: String = #fileID, line: Int = #line
    ) throws {
        let reader = store.reader
        for loaded in [try reader.run(run.row.row), try reader.journal(ofRun: run.row.id)] {
            let loaded = try require(loaded, "run \(run.row.row)", file: file, line: line)
            try expectEqual(loaded.turns, run.turns, "the journal", file: file, line: line)
            try expectEqual(loaded.events, [event.body], "the events", file: file, line: line)
            try expectEqual(loaded.projection, run.projection, "the projection", file: file, line: line)
        }
        let expected = StoredRun(
            row: run.row.row, id: run.row.id, function: run.row.function,
            functionSlug: Sample.function.configuration.slug, eventID: event.id, eventName: event.name,
            createdAt: run.row.createdAt, projection: run.projection, end: end
        )
        try expectEqual(try reader.run(id: run.row.id), expected, "the run", file: file, line: line)
        try expect(
            try reader.runs(ofEvent: event.id).contains(expected), "the event does not lead to the run",
            file: file, line: line
        )
        let after = RunPosition(createdAt: run.row.createdAt, row: run.row.row + 1)
        let listed = try reader.runs(RunQuery(after: after, hasEnds: true), limit: 1).runs
        try expect(listed == [expected], "the list does not hold the run", file: file, line: line)
    }
}
