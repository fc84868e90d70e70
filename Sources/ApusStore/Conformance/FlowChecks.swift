import ApusCore
import ApusEngine

/// What flow control remembers: of runs, of keys, and of events that wait or started nothing.
extension StoreConformance {
    static let flow = [
        Check("runs that wait or take up room come back with the claim of their shard") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var expected: [ShardID: [KeptRun]] = [:]
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                try owner.register()
                let first = RowCounters.firstRow(of: shard)
                let runs = [
                    Sample.kept(first + 3, waitsSince: owner.now, flow: Sample.flow("a")),
                    Sample.kept(first + 1, calls: 2, isStarted: true, flow: Sample.flow("b")),
                    Sample.kept(first + 2, waitsSince: owner.now),
                    Sample.kept(first, waitsSince: owner.now, flow: Sample.flow("a")),
                ]
                try owner.commit(runs.map(Write.keep))
                var changed = runs[0]
                changed.waitsSince = nil
                changed.isStarted = true
                changed.calls = 1
                try owner.commit([.keep(changed), .unkeep(run: runs[2].run), .unkeep(run: first + 9)])
                expected[shard] = [runs[3], runs[1], changed]
            }
            store = try harness.reopen(store)
            for (shard, runs) in expected {
                try expectEqual(Array(try store.claim(shard).state.kept), runs, "the kept runs of shard \(shard)")
            }
        },
        Check("what rates remember comes back with the claim of its shard, until it is over") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var expected: [ShardID: [Arrival]] = [:]
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                let now = owner.now.milliseconds * 1_000_000
                let keys = (0..<4).map { LimitKey(high: 7, low: $0) }
                try owner.commit(keys.map { .arrival(Arrival(key: $0, time: now - 1 + Int64($0.low))) })
                let later = Arrival(key: keys[3], time: now + 1_000_000_000_000 + Int64(shard))
                try owner.commit([.arrival(later), .forgetArrivals(before: now + 1)])
                try owner.commit([.arrival(Arrival(key: keys[0], time: later.time))])
                expected[shard] = [Arrival(key: keys[0], time: later.time), later]
            }
            store = try harness.reopen(store)
            for (shard, arrivals) in expected {
                try expectEqual(try store.claim(shard).state.arrivals, arrivals, "the arrivals of shard \(shard)")
            }
        },
        Check("debounces and batches come back with their events, in order") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var expected: [ShardID: [Pending]] = [:]
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                try owner.register()
                let invoker = Invoker(shard: 3, run: 4, runID: ULID(high: 5, low: 6), step: .hashing("call"))
                var batch = Sample.pending(.batch, 1, of: shard, in: store, at: owner.now)
                var debounce = Sample.pending(.debounce, 2, of: shard, in: store, at: owner.now)
                let gone = Sample.pending(.batch, 3, of: shard, in: store, at: owner.now)
                try owner.commit([.pend(batch), .pend(debounce), .pend(gone)])
                let members = [
                    Pending.Member(event: 9, invoker: invoker), Pending.Member(event: 8), Pending.Member(event: 10),
                ]
                for (index, member) in members.enumerated() {
                    try owner.commit([.join(run: batch.run, member, position: index + 1, bytes: 100)])
                    batch.events.append(member)
                    batch.bytes += 100
                }
                debounce.events = [Pending.Member(event: 20, invoker: invoker)]
                debounce.firesAt = owner.now + .days(1)
                debounce.eventTime = owner.now
                try owner.commit([.pend(debounce), .unpend(run: gone.run), .close(run: batch.run, at: owner.now)])
                batch.firesAt = owner.now - .milliseconds(1)
                batch.isClosed = true
                expected[shard] = [batch, debounce]
            }
            store = try harness.reopen(store)
            for (shard, pendings) in expected {
                try expectEqual(try store.claim(shard).state.pendings, pendings, "what shard \(shard) waits for")
            }
        },
        Check("an event joins a batch only as its next one, and functions must be known") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let batch = Sample.pending(.batch, 1, of: 0, in: store, at: owner.now)
            try owner.commit([.pend(batch)])
            var stranger = batch
            stranger.function = UUID16(high: 1, low: 2)
            var kept = Sample.kept(1)
            kept.function = stranger.function
            let outcome = Outcome(event: 1, function: stranger.function, rule: .batch, at: owner.now)
            let member = Pending.Member(event: 2)
            for faulty: [Write] in [
                [.join(run: batch.run, member, position: 0, bytes: 1)],
                [.join(run: ULID(high: 1, low: 0), member, position: 1, bytes: 1)],
                [.unpend(run: batch.run), .join(run: batch.run, member, position: 1, bytes: 1)],
                [.pend(stranger)], [.keep(kept)], [.outcome(outcome)],
            ] {
                try expectError(.rejected, "\(faulty)") { () throws(StoreError) in
                    try store.commit(owner.next(faulty))
                }
            }
            try owner.commit([.join(run: batch.run, member, position: 1, bytes: 1)])
        },
        Check("an event that was taken is found with the run it went into, and protects as that does") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let other = Sample.function("other")
            try owner.commit([.app(Sample.app), .function(Sample.function), .function(other)])
            let events = try (0..<3).map { try owner.event(key: Sample.key(UInt64($0))) }
            let run = owner.started(events[0])
            func outcome(_ event: Int, _ function: FunctionRecord, _ rule: FlowRule, isTaken: Bool) -> Outcome {
                Outcome(
                    event: events[event].row, function: function.id, rule: rule, at: owner.now, key: "größer",
                    run: isTaken ? run.row.id : nil, isTaken: isTaken
                )
            }
            let taken = outcome(1, Sample.function, .batch, isTaken: true)
            let replaced = outcome(2, Sample.function, .batch, isTaken: true)
            let dropped = outcome(2, Sample.function, .pause, isTaken: false)
            let limited = outcome(2, other, .rateLimit, isTaken: false)
            try owner.commit(
                events.map(Write.event) + run.writes + [.outcome(taken), .outcome(replaced), .outcome(limited)]
            )
            try owner.commit([.outcome(dropped)])
            store = try harness.reopen(store)
            let reader = store.reader
            try expectEqual(try reader.runs(ofEvent: events[0].id).map(\.id), [run.row.id], "the runs of the first")
            try expectEqual(try reader.runs(ofEvent: events[1].id).map(\.id), [run.row.id], "the runs of the second")
            try expect(try reader.runs(ofEvent: events[2].id).isEmpty, "an event that was dropped has a run")
            try expectEqual(try reader.outcomes(ofEvent: events[1].id), [taken], "the outcomes of the second")
            let both = [dropped, limited].sorted { $0.function < $1.function }
            try expectEqual(try reader.outcomes(ofEvent: events[2].id), both, "the outcomes of the third")
            let started = try reader.functionsStarted(
                by: events.compactMap(\.key), since: owner.now - .hours(1)
            )
            try expectEqual(started[Sample.key(0)] ?? [], [Sample.function.id], "what the first has started")
            try expectEqual(started[Sample.key(1)] ?? [], [Sample.function.id], "what the second has started")
            try expectEqual(started[Sample.key(2)] ?? [], [], "what the third has started")
            let found = try reader.events(in: [events[2].row, 77, events[0].row]).map(\.row).sorted()
            try expectEqual(found, [events[0].row, events[2].row], "the events in some rows")
        },
        Check("events of batches stay as long as their run or their batch") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let events = try (0..<4).map { _ in try owner.event() }
            var run = owner.started(events[0])
            var batch = Sample.pending(.batch, 1, of: 0, in: store, at: owner.now)
            batch.events = [Pending.Member(event: events[2].row)]
            func taken(_ event: Int, by run: ULID) -> Write {
                .outcome(
                    Outcome(
                        event: events[event].row, function: Sample.function.id, rule: .batch, at: owner.now, run: run,
                        isTaken: true
                    )
                )
            }
            try owner.commit(
                events.map(Write.event) + run.writes
                    + [
                        .pend(batch), taken(1, by: run.row.id), taken(2, by: batch.run),
                        taken(3, by: ULID(high: 9, low: 9)),
                    ]
            )
            // Something to remove, so that events of this age are looked at.
            try owner.finishedRun(try owner.event())
            func left() throws -> [Int] {
                try events.indices.filter { try store.reader.event(id: events[$0].id) != nil }
            }
            _ = try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 100)
            try expectEqual(try left(), [0, 1, 2], "the events that are left")
            try owner.commit(owner.writes([.finished(RunEnd(status: .completed, output: nil))], to: &run))
            try owner.commit([.unpend(run: batch.run)])
            _ = try store.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: 100)
            try expectEqual(try left(), [], "the events that are left at the end")
            try expect(try store.reader.outcomes(ofEvent: events[1].id).isEmpty, "outcomes of no event")
        },
        Check("limits that people have set, and the record of who did what, are kept") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            var function = Sample.function
            var limits = LimitOverride()
            limits.concurrency = [
                FlowControl.Concurrency(limit: 0),
                FlowControl.Concurrency(limit: 3, key: "größer", scope: .environment),
            ]
            limits.runs = 7
            limits.throttle = LimitOverride.Rate(limit: 1, period: .minutes(2), burst: 3)
            limits.rateLimit = LimitOverride.Rate(limit: 4, period: .hours(1))
            function.override = limits
            let entries = AuditEntry.Action.allCases.map {
                AuditEntry(at: owner.now, actor: "größer", action: $0, subject: "shop-confirm", detail: "{}")
            }
            try owner.commit([.app(Sample.app), .function(function)] + entries.map(Write.audit))
            store = try harness.reopen(store)
            try expectEqual(try store.claim(0).state.registry.functions[function.id]?.override, limits, "the limits")
            try expectEqual(try store.reader.audit(limit: 100), entries.reversed(), "the record")
            try expectEqual(
                try store.reader.audit(limit: 2), Array(entries.reversed().prefix(2)), "the newest of the record")
        },
        Check("an order for runs that wait to start finds out which have") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let events = try (0..<2).map { _ in try owner.event() }
            let waiting = owner.started(events[0])
            var called = owner.started(events[1])
            try owner.commit(
                events.map(Write.event) + waiting.writes + called.writes
                    + [.keep(Sample.kept(waiting.row.row, waitsSince: owner.now, flow: Sample.flow("a")))]
            )
            try owner.commit(owner.writes([.called(job: 0, generation: 1)], to: &called, wakeAt: owner.now))
            let runs = try store.reader.livingRuns(
                of: Sample.function.id, from: nil, to: owner.now, after: .min, limit: 10
            )
            try expectEqual(runs.map(\.isStarted), [false, true], "which have started")
            try expectEqual(runs.map(\.flow), [Sample.flow("a"), nil], "how they are treated")
            let orders = [
                BulkCancellation.Backlog(), BulkCancellation.Backlog(key: "k", target: Sample.function.id),
            ].enumerated().map { index, backlog in
                BulkCancellation(
                    id: ULID(high: UInt64(2 - index), low: 1), app: "shop", function: Sample.function.id,
                    functionSlug: "shop-confirm", startedAfter: nil, startedBefore: owner.now, condition: nil,
                    backlog: backlog, createdAt: owner.now
                )
            }
            for order in orders { try store.keep(order) }
            store = try harness.reopen(store)
            try expectEqual(try store.reader.cancellations(), orders, "the orders")
        },
    ]
}

extension Sample {
    static func flow(_ text: String) -> RunFlow {
        let key = FlowKey(rule: 1, key: LimitKey(high: .max, low: 2), text: text)
        return RunFlow(priority: .seconds(-3), keys: RunFlow.Keys(calls: [key], throttle: key), singleton: key)
    }

    static func kept(
        _ run: RowID, calls: Int = 0, isStarted: Bool = false, waitsSince: Timestamp? = nil, flow: RunFlow? = nil
    ) -> KeptRun {
        KeptRun(
            run: run, function: function.id, createdAt: Timestamp(milliseconds: 1_700_000_000_000),
            isStarted: isStarted, calls: calls, waitsSince: waitsSince, flow: flow,
            id: flow == nil ? nil : ULID(high: 3, low: UInt64(bitPattern: run))
        )
    }

    /// With one event, and an id that its shard owns.
    static func pending(
        _ rule: Pending.Rule, _ number: UInt64, of shard: ShardID, in store: any Store, at now: Timestamp
    ) -> Pending {
        Pending(
            run: ULID(high: number, low: UInt64(store.shardCount) * number + UInt64(shard)), function: function.id,
            rule: rule, key: FlowKey(rule: .max, key: LimitKey(high: number, low: .max), text: "größer"),
            openedAt: now, firesAt: now + .seconds(5), events: [Pending.Member(event: 7)], eventTime: now, bytes: 50
        )
    }
}
