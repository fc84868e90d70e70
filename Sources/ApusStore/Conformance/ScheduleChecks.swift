import ApusCore
import ApusEngine

/// Schedules, paused functions, and orders to cancel runs.
extension StoreConformance {
    static let schedules = [
        Check("the newest tick of each schedule comes back with the claim of the registry's owner") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let keys = ["* * * * *", "TZ=Europe/Berlin 0 9 * * *", "*/5 * * * *"].map {
                ScheduleKey(function: Sample.function.id, expression: $0)
            }
            try owner.commit(keys.map { .schedule(ScheduleRow(key: $0, last: owner.now)) })
            let tick = owner.now + .minutes(1)
            try owner.commit([.schedule(ScheduleRow(key: keys[0], last: tick)), .unschedule(keys[2])])
            try expect(owner.state.schedules.isEmpty, "an empty store has schedules")
            store = try harness.reopen(store)
            let found = try store.claim(0).state.schedules.sorted { $0.key < $1.key }
            try expectEqual(found.map(\.key), keys[..<2].sorted(), "the schedules")
            try expectEqual(found.first { $0.key == keys[0] }?.last, tick, "the newest tick")
            for shard in 1..<ShardID(max(store.shardCount, 1)) {
                try expect(try store.claim(shard).state.schedules.isEmpty, "shard \(shard) has schedules")
            }
        },
        Check("what people have set about a schedule comes back with the claim") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let rows = ([nil] + CatchUp.allCases.map { $0 }).enumerated().map { minute, catchUp in
                ScheduleRow(
                    key: ScheduleKey(function: Sample.function.id, expression: "\(minute) * * * *"), last: owner.now,
                    settings: ScheduleSettings(pausedAt: minute % 2 == 0 ? nil : owner.now, catchUp: catchUp)
                )
            }
            try owner.commit(rows.map(Write.schedule))
            store = try harness.reopen(store)
            try expectEqual(try store.claim(0).state.schedules, rows, "the schedules")
        },
        Check("the run of a schedule's newest tick comes back for as long as it lives") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            var run = owner.started(event)
            let row = ScheduleRow(
                key: ScheduleKey(function: Sample.function.id, expression: "* * * * *"), last: owner.now,
                settings: ScheduleSettings(overlap: .bufferOne), run: TickRun(row: run.row.row, id: run.row.id),
                buffered: owner.now + .minutes(1)
            )
            try owner.commit([.event(event)] + run.writes + [.schedule(row)])
            store = try harness.reopen(store)
            owner = try Owner(store)
            try expectEqual(owner.state.schedules, [row], "the schedule whose run lives")
            try owner.commit(owner.writes([.finished(RunEnd(status: .completed, output: nil))], to: &run))
            var ended = row
            ended.run = nil
            try expectEqual(try store.claim(0).state.schedules, [ended], "the schedule whose run has ended")
        },
        Check("a backfill that is under way comes back with its ticks, and is listed after its end") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var owner = try Owner(store)
            var backfills = (0..<3).map { number in
                let ticks = (0..<(number == 2 ? 10_000 : number)).map {
                    Timestamp(milliseconds: -86_400_000 + Int64($0) * 60_000)
                }
                let order = Backfill(
                    id: owner.random.nextULID(now: owner.now + .seconds(number)),
                    key: ScheduleKey(function: Sample.function.id, expression: "TZ=Europe/Berlin \(number) * * * *"),
                    functionSlug: "shop-größer", from: Timestamp(milliseconds: -86_400_000), to: owner.now,
                    ticks: ticks.count, actor: "größer", createdAt: owner.now
                )
                return OpenBackfill(order, ticks: ticks)
            }
            try owner.commit(backfills.map(Write.backfill))
            try expectError(.rejected, "a backfill that exists") { () throws(StoreError) in
                try owner.commit([.backfill(backfills[1])])
            }
            backfills[2].order.started = 77
            try owner.commit([.backfillMoved(backfills[2].order)])
            store = try harness.reopen(store)
            owner = try Owner(store)
            try expectEqual(owner.state.backfills, backfills, "the backfills that are under way")
            for shard in 1..<ShardID(max(store.shardCount, 1)) {
                try expect(try store.claim(shard).state.backfills.isEmpty, "shard \(shard) has backfills")
            }
            for (number, state) in [Backfill.State.finished, .stopped, .abandoned].enumerated() {
                backfills[number].order.state = state
                backfills[number].order.endedAt = owner.now
            }
            try owner.commit(backfills.map { .backfillMoved($0.order) })
            store = try harness.reopen(store)
            try expect(try store.claim(0).state.backfills.isEmpty, "a backfill that has ended comes back")
            try expectEqual(try store.reader.backfills(), backfills.map(\.order).reversed(), "the list")
        },
        Check("of backfills that have ended the newest are kept, and all that are under way") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let orders = (0..<(Backfill.kept + 3)).map { number in
                Backfill(
                    id: owner.random.nextULID(now: owner.now + .seconds(number)),
                    key: ScheduleKey(function: Sample.function.id, expression: "* * * * *"), functionSlug: "shop",
                    from: owner.now, to: owner.now + .hours(1), ticks: 0, actor: "api", createdAt: owner.now
                )
            }
            try owner.commit(orders.map { .backfill(OpenBackfill($0, ticks: [])) })
            for var order in orders.dropFirst() {
                order.state = .finished
                try owner.commit([.backfillMoved(order)])
            }
            let expected = [orders[0].id] + orders.dropFirst(3).map(\.id)
            try expectEqual(try store.reader.backfills().map(\.id), expected.reversed(), "the list")
        },
        Check("the functions that a tick has started are found by the tick, however old it is") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let keys = (0..<3).map {
                EventKey(tick: Timestamp(milliseconds: 60_000 * $0), of: Sample.function.id)
            }
            var event = try owner.event(key: keys[1])
            event.receivedAt = Timestamp(milliseconds: 0)
            try owner.commit([.event(event)] + owner.started(event).writes)
            try owner.commit([.event(try owner.event(key: keys[2]))])
            let found = try store.reader.functionsStarted(by: keys, since: Timestamp(milliseconds: .min))
            try expectEqual(found, [keys[1]: [Sample.function.id]], "the functions")
        },
        Check("a paused function stays so until it is resumed") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            var owner = try Owner(store)
            var function = Sample.function
            function.pausedAt = owner.now
            try owner.commit([.app(Sample.app), .function(function)])
            store = try harness.reopen(store)
            owner = try Owner(store)
            try expectEqual(owner.state.registry.functions[function.id]?.pausedAt, function.pausedAt, "the pause")
            function.pausedAt = nil
            try owner.commit([.function(function)])
            try expect(try store.claim(0).state.registry.functions[function.id]?.pausedAt == nil, "it is still paused")
        },
        Check("an order to cancel runs is kept until it is forgotten, and finds the runs that live") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let other = Sample.function("other")
            try owner.commit([.app(Sample.app), .function(Sample.function), .function(other)])
            var runs: [RunRow] = []
            for number in 0..<6 {
                let event = try owner.event(body: #"{"n":\#(number)}"#)
                let run = owner.run(of: event, function: number == 3 ? other : Sample.function)
                let status: RunStatus = number == 1 ? .completed : .running
                let projection = RunProjection(
                    status: status, startedAt: nil, endedAt: status.isFinal ? owner.now : nil,
                    wakeAt: status.isFinal ? nil : owner.now, head: 0
                )
                try owner.commit([.event(event), .run(run), .projection(run: run.row, projection)])
                runs.append(run)
            }
            var order = BulkCancellation(
                id: owner.random.nextULID(now: owner.now), app: "shop", function: Sample.function.id,
                functionSlug: "shop-confirm", startedAfter: runs[0].createdAt, startedBefore: runs[4].createdAt,
                condition: "event.data.n > 1", createdAt: owner.now
            )
            try store.keep(order)
            func living(after: RowID, limit: Int) throws -> [RowID] {
                try store.reader.livingRuns(
                    of: order.function, from: order.startedAfter, to: order.startedBefore, after: after, limit: limit
                ).map(\.row)
            }
            try expectEqual(try living(after: .min, limit: 10), [0, 2, 4].map { runs[$0].row }, "the living runs")
            try expectEqual(try living(after: runs[0].row, limit: 1), [runs[2].row], "the next of them")
            order.finishedAt = owner.now
            order.cancelled = 3
            try store.keep(order)
            store = try harness.reopen(store)
            try expectEqual(try store.reader.cancellations(), [order], "the orders")
            try expect(try store.forgetCancellation(order.id), "the order is not there")
            try expect(try !store.forgetCancellation(order.id), "the order is still there")
            try expect(try store.reader.cancellations().isEmpty, "there are orders")
        },
        Check("orders to repeat runs are kept and changed in one step; runs that repeat others are found") { harness in
            var store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event()
            let original = owner.started(event)
            var copies = (0..<2).map { _ in owner.started(event) }
            for index in copies.indices {
                copies[index].row.origin = original.row.id
                copies[index].writes = copies[index].writes.map { write in
                    if case .run = write { .run(copies[index].row) } else { write }
                }
            }
            try owner.commit([.event(event)] + original.writes + copies.flatMap(\.writes))
            var replay = Replay(
                id: owner.random.nextULID(now: owner.now), function: Sample.function.id, functionSlug: "shop-confirm",
                states: [.failed, .cancelled], from: owner.now - .days(1), until: owner.now, start: .failure,
                perMinute: 60, found: 3, actor: "größer", createdAt: owner.now
            )
            try store.keep(replay)
            replay.progress.position = RunPosition(createdAt: owner.now, row: original.row.row)
            replay.progress.started = 2
            replay.progress.skipped = 1
            replay.progress.problem = "because"
            replay.move(to: .finished, at: owner.now)
            let progress = replay.progress
            let now = owner.now
            let changed = try store.updateReplay(replay.id) {
                $0.progress = progress
                $0.move(to: .finished, at: now)
                $0.move(to: .running, at: now)
            }
            try expectEqual(changed, replay, "the changed order")
            try expect(try store.updateReplay(original.row.id) { $0.found = 0 } == nil, "there is another order")
            store = try harness.reopen(store)
            try expectEqual(try store.reader.replays(), [replay], "the orders")
            let found = try store.reader.runs(repeating: original.row.id)
            try expectEqual(found.map(\.id), copies.map(\.row.id), "the runs that repeat it")
            try expectEqual(found.map(\.origin), [original.row.id, original.row.id], "what they repeat")
            try expect(try store.reader.run(id: original.row.id)?.origin == nil, "the original repeats a run")
            for number in 0...Replay.kept {
                var other = replay
                other.id = ULID(high: replay.id.high + 1, low: UInt64(number))
                try store.keep(other)
            }
            try expectEqual(try store.reader.replays().count, Replay.kept, "the orders that are kept")
        },
        Check("runs that start later are listed by time, without those that wait for their turn or have started") {
            harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let present = Wake(at: owner.now, run: .max)
            var runs: [StartedRun] = []
            for minutes in [3, 1, 2, 2, 4, 5, 0] {
                let event = try owner.event()
                runs.append(owner.started(event, wakeAt: owner.now + .minutes(minutes)))
                try owner.commit([.event(event)] + runs[runs.count - 1].writes)
            }
            let waiting = KeptRun(
                run: runs[4].row.row, function: Sample.function.id, createdAt: owner.now, isStarted: false, calls: 0,
                waitsSince: owner.now, flow: nil
            )
            let sleeps = owner.writes([.called(job: 0, generation: 1)], to: &runs[5], wakeAt: owner.now + .minutes(9))
            try owner.commit([.keep(waiting)] + sleeps)
            let all = try store.reader.scheduledStarts(after: present, limit: 10)
            try expectEqual(all.map(\.run), [1, 2, 3, 0].map { runs[$0].row.id }, "the runs")
            try expectEqual(all.first?.functionSlug, "shop-confirm", "the function")
            try expectEqual(all.first?.eventName, "shop/order.placed", "the event's name")
            try expectEqual(all.first?.wake.at, runs[1].projection.wakeAt, "the time")
            let rest = try store.reader.scheduledStarts(after: all[1].wake, limit: 1)
            try expectEqual(rest, [all[2]], "the next of the same time")
        },
        Check("listeners without a key are counted by name, the most first") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let rows = [
                Sample.listener(run: 1, number: 1, name: "shop/few"),
                Sample.listener(run: 1, number: 2, name: "shop/many"),
                Sample.listener(run: 2, number: 1, name: "shop/many"),
                Sample.listener(run: 2, number: 2, name: "shop/keyed", path: Sample.path("data", "id"), key: 7),
                Sample.listener(run: 3, signal: "shop/many"),
            ]
            try owner.commit(rows.map(Write.listen))
            let counts = try store.reader.listenersWithoutKey()
            try expectEqual(counts.map(\.name), ["shop/many", "shop/few"], "the names")
            try expectEqual(counts.map(\.count), [2, 1], "the counts")
        },
    ]
}
