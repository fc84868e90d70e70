import ApusCore
import Testing

@testable import ApusEngine

@Suite("Concurrency")
struct ConcurrencyTests {
    private func engine(_ upset: Upset = .none, _ limits: FlowControl.Concurrency...) -> CoreHarness {
        CoreHarness(upset, [limited("app-f", on: "demo/x", FlowControl(concurrency: limits))])
    }

    // MARK: Calls

    @Test("no more calls are under way than the limit, and every run gets its turn", arguments: Upset.allCases)
    func limit(upset: Upset) throws {
        let engine = engine(upset, calls(2))
        for n in 1...5 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.suffer(upset)
        #expect(engine.called() == [1, 2])
        for expected in [[2, 3], [3, 4], [4, 5], [5], []] as [[Int64]] {
            engine.reply(try #require(engine.calls.first), with: .returned(nil))
            #expect(engine.called() == expected)
            engine.suffer(upset)
            #expect(engine.called().sorted() == expected)
        }
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    @Test("a run that sleeps, waits, invokes or waits for its retry holds nothing", arguments: 0..<4)
    func holdsNothing(kind: Int) throws {
        let engine = engine(.none, calls(1))
        engine.register([
            limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1)])), function("app-child"),
        ])
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#)
        let call = try engine.onlyCall()
        switch kind {
        case 0: engine.reply(call, sleep("s", "1h"))
        case 1: engine.reply(call, waitForEvent("w", "demo/y"))
        case 2: engine.reply(call, invoke("i", "app-child"))
        default: engine.reply(call, with: .failed(.status500))
        }
        #expect(engine.called().contains(2))
        #expect(engine.core.queue.held.isEmpty)
    }

    @Test("parallel steps take a place each", arguments: Upset.allCases)
    func parallel(upset: Upset) throws {
        let engine = engine(upset, calls(2))
        engine.send("demo/x")
        try engine.answer(planned("a"), planned("b"), planned("c"))
        #expect(engine.calls.map(\.stepID) == ids("a", "b"))
        engine.suffer(upset)
        #expect(engine.calls.map(\.stepID).sorted() == ids("a", "b").sorted())
        engine.reply(try engine.call(for: "a"), stepRun("a"))
        engine.suffer(upset)
        #expect(Set(engine.calls.map(\.stepID)) == Set(ids("b", "c")))
        engine.reply(try engine.call(for: "b"), stepRun("b"))
        engine.reply(try engine.call(for: "c"), stepRun("c"))
        #expect(try engine.onlyCall().stack.count == 3)
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("steps of a run that has started go before new runs")
    func startedFirst() throws {
        let engine = engine(.none, calls(1))
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#)
        for step in 0..<3 {
            #expect(engine.called() == [1])
            try engine.answer(stepRun("s\(step)"))
        }
        try engine.complete()
        #expect(engine.called() == [2])
    }

    @Test("a full key does not hold up the others", arguments: Upset.allCases)
    func keys(upset: Upset) throws {
        let engine = engine(upset, calls(1, key: "event.data.k"))
        for n in 1...6 { engine.send("demo/x", #"{"n":\#(n),"k":"\#(n % 2)"}"#) }
        engine.suffer(upset)
        #expect(engine.called() == [1, 2])
        engine.reply(engine.calls[1], with: .returned(nil))
        engine.suffer(upset)
        #expect(engine.called().sorted() == [1, 4])
        engine.serve()
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    @Test("events without the key's value share one key", arguments: ["event.data.missing", "event.data.n.x", "1 / 0"])
    func noKey(expression: String) {
        let engine = engine(.none, calls(1, key: expression))
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#)
        #expect(engine.called() == [1])
        engine.serve()
        #expect(engine.obstacles(of: engine.runs[1]).isEmpty, "it has waited no time")
    }

    @Test("what a call has waited for is in its run's journal", arguments: Upset.allCases)
    func waited(upset: Upset) throws {
        let engine = engine(upset, calls(1, key: "event.data.k"))
        engine.send("demo/x", #"{"k":"tenant"}"#)
        engine.send("demo/x", #"{"k":"tenant"}"#)
        engine.suffer(upset)
        let since = engine.now
        engine.advance(by: .seconds(5))
        try engine.complete()
        let waited = (engine.store.turns[engine.runs[1].row] ?? []).flatMap(\.entries).filter {
            if case .waited = $0 { true } else { false }
        }
        #expect(waited == [.waited(Obstacle(.concurrency, key: "tenant"), since: since)])
        #expect(engine.obstacles(of: engine.runs[0]).isEmpty)
    }

    @Test("a shared limit counts over apps and functions", arguments: Upset.allCases)
    func environment(upset: Upset) throws {
        let shared = FlowControl(concurrency: [calls(1, key: "event.data.k", scope: .environment)])
        let engine = CoreHarness(upset, [limited("app-f", on: "demo/x", shared)])
        engine.register([limited("other-g", on: "demo/x", shared)], as: "other")
        for n in 1...3 { engine.send("demo/x", #"{"n":\#(n),"k":"1"}"#) }
        engine.send("demo/x", #"{"n":4,"k":"2"}"#)
        engine.suffer(upset)
        #expect(engine.called().sorted() == [1, 4])
        var order: [String] = []
        while let call = engine.calls.first {
            let run = try #require(engine.store.folds[call.id.run])
            if engine.data(of: run.start.events[0], "n") != 4 { order.append(run.start.functionSlug) }
            engine.reply(call, with: .returned(nil))
            engine.suffer(upset)
            #expect(Set(engine.called()).count == engine.calls.count, "one call a key")
        }
        #expect(order.count == 6)
        // Whose turn it was is not known any more after a crash.
        for turn in 0..<(upset == .crash ? 0 : 3) {
            #expect(Set(order.dropFirst(2 * turn).prefix(2)).count == 2, "\(order)")
        }
        engine.expectNothingLeft()
    }

    // MARK: Ends of calls

    @Test("a cancelled run's call holds its place until it is answered", arguments: [false, true])
    func cancelled(reloads: Bool) throws {
        let engine = engine(.none, calls(1))
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#)
        let call = try engine.onlyCall()
        engine.feed(.cancel(run: call.id.run))
        if reloads { engine.restart(keepingCalls: true) }
        #expect(engine.called() == [1])
        engine.reply(call, with: .returned(nil))
        #expect(engine.called() == [2])
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("a cancelled run that waits makes way for the next", arguments: Upset.allCases)
    func cancelledWhileWaiting(upset: Upset) throws {
        let engine = engine(upset, calls(1))
        for n in 1...3 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.suffer(upset)
        engine.feed(.cancel(run: engine.runs[1].row))
        engine.suffer(upset)
        try engine.complete()
        #expect(engine.called() == [3])
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("after a crash the orphaned call goes first and under its old place")
    func orphan() throws {
        let engine = engine(.none, calls(1))
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#)
        let before = try engine.onlyCall()
        engine.restart()
        let after = try engine.onlyCall()
        #expect(after.id.run == before.id.run && after.id.generation == before.id.generation + 1)
        #expect(after.attempt == 0)
        engine.reply(before, with: .returned(nil))
        #expect(engine.called() == [1], "the reply is stale and frees nothing")
        try engine.complete()
        #expect(engine.called() == [2])
    }

    @Test("a reply to an orphan that comes before its repeat frees its place", arguments: [true, false])
    func orphanAnswered(isFinal: Bool) throws {
        let engine = CoreHarness {
            // The repeat waits for its app.
            $0.limits.callsPerApp = 1
        }
        engine.register([
            limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1)])), function("app-g", on: "demo/y"),
        ])
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/x", #"{"n":2}"#)
        let lost = try engine.onlyCall()
        engine.send("demo/y", #"{"n":3}"#)
        engine.holdsReads = true
        engine.restart()
        engine.releaseReads()
        #expect(engine.called() == [3])
        engine.reply(lost, with: isFinal ? .returned(nil) : .ops(AppReply.OpList(ops: [sleep("s", "1h")], version: 2)))
        try engine.complete()
        #expect(engine.called() == [2])
        engine.serve(for: .hours(1))
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    @Test(
        "a call that another owner of the shard has repeated takes no place beside the repeat",
        arguments: [true, false])
    func orphanOfAnother(isAnsweredFirst: Bool) throws {
        let engine = engine(.none, calls(1))
        engine.send("demo/x", #"{"n":1}"#)
        let first = try engine.onlyCall()
        engine.restart()
        #expect(try engine.onlyCall().generation == 2)
        // The first owner has the shard again, and its own call is still under way.
        engine.calls = [first]
        engine.restart(keepingCalls: true)
        let last = try #require(engine.calls.last)
        #expect(last.generation == 3)
        let stale = AppReply.ops(AppReply.OpList(ops: [stepRun("a")], version: 1))
        if isAnsweredFirst { engine.feed(.reply(first.id, stale)) }
        engine.calls.removeAll { $0.id == first.id }
        engine.reply(last, with: .ops(AppReply.OpList(ops: [planned("a"), planned("b")], version: 1)))
        #expect(engine.calls.count == 1)
        if !isAnsweredFirst { engine.feed(.reply(first.id, stale)) }
        #expect(engine.calls.count == 1)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a crash before the orphan has been read lets nobody take its place")
    func orphanUnread() throws {
        let engine = engine(.none, calls(1))
        engine.send("demo/x", #"{"n":1}"#)
        engine.holdsReads = true
        engine.restart()
        engine.send("demo/x", #"{"n":2}"#)
        #expect(engine.calls.isEmpty)
        engine.releaseReads()
        engine.advance(by: .seconds(1))
        #expect(engine.called() == [1])
    }

    @Test("a cancelled orphan gives its place back")
    func orphanCancelled() throws {
        let engine = CoreHarness(
            limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1, key: "event.data.k")])))
        engine.send("demo/x", #"{"n":1,"k":1}"#)
        engine.send("demo/x", #"{"n":2,"k":1}"#)
        let first = engine.runs[0].row
        engine.holdsReads = true
        engine.restart()
        engine.feed(.cancel(run: first))
        engine.releaseReads()
        engine.advance(by: .seconds(1))
        #expect(engine.runs[0].status == .cancelled)
        #expect(engine.called() == [2])
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("an app that cannot be reached, or has as many calls as it may, takes no places from others")
    func gate() throws {
        let engine = CoreHarness { $0.limits.callsPerApp = 1 }
        let shared = FlowControl(concurrency: [calls(2, key: "event.data.k", scope: .environment)])
        engine.register([limited("app-f", on: "demo/x", shared)])
        engine.register([limited("other-g", on: "demo/x", shared)], as: "other")
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n),"k":1}"#) }
        #expect(engine.calls.count == 2)
        #expect(Set(engine.calls.map(\.app)).count == 2)
        while let call = engine.calls.first { engine.reply(call, with: .returned(nil)) }
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    // MARK: Changes

    @Test("limits of today hold for runs of yesterday", arguments: Upset.allCases)
    func changedLimit(upset: Upset) throws {
        let engine = engine(upset, calls(1))
        for n in 1...6 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.suffer(upset)
        engine.register([limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(3)]))])
        #expect(engine.called() == [1, 2, 3])
        engine.register([limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(2)]))])
        engine.suffer(upset)
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(engine.calls.count == 2)
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(engine.calls.count == 2)
        engine.register([limited("app-f", on: "demo/x", .none)])
        #expect(engine.calls.count == 4)
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a function that gets its first limit counts what is under way")
    func firstLimit() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.register([limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1)]))])
        engine.send("demo/x", #"{"n":3}"#)
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(engine.called() == [2])
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(engine.called() == [3])
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a changed key detaches the runs from before", arguments: Upset.allCases)
    func changedKey(upset: Upset) throws {
        let engine = engine(upset, calls(1, key: "event.data.k"))
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n),"k":1}"#) }
        engine.register([limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1, key: "event.data.n")]))])
        engine.suffer(upset)
        #expect(engine.called().sorted() == [1, 2])
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a paused function's waiting runs go on when it is resumed", arguments: Upset.allCases)
    func paused(upset: Upset) throws {
        let engine = engine(upset, calls(1))
        for n in 1...3 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        try engine.pause()
        engine.suffer(upset)
        // A crash orphans the call, and a paused function is not called.
        if upset != .crash { try engine.complete() }
        #expect(engine.calls.isEmpty)
        try engine.pause("app-f", false)
        #expect(engine.calls.count == 1)
        engine.serve()
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    // MARK: Runs

    private func runs(_ limit: Int, key: String? = nil) -> FlowControl {
        FlowControl(runConcurrency: FlowControl.RunConcurrency(limit: limit, key: key))
    }

    @Test("a limit on runs holds while they sleep", arguments: Upset.allCases)
    func runLimit(upset: Upset) throws {
        let engine = CoreHarness(upset, [limited("app-f", on: "demo/x", runs(1))])
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        try engine.answer(sleep("s", "1m"))
        engine.suffer(upset)
        #expect(engine.calls.isEmpty)
        #expect(!engine.store.kept.isEmpty)
        engine.advance(by: .minutes(1))
        #expect(engine.called() == [1])
        engine.suffer(upset)
        try engine.complete()
        #expect(engine.called() == [2])
        #expect(engine.obstacles(of: engine.runs[1]) == [Obstacle(.runConcurrency)])
        engine.suffer(upset)
        try engine.complete()
        engine.expectNothingLeft()
    }

    @Test("whatever ends a run frees its place", arguments: Upset.allCases, 0..<4)
    func runEnds(upset: Upset, kind: Int) throws {
        let timeouts = FunctionConfiguration.Timeouts(finish: .seconds(30))
        let engine = CoreHarness(
            upset, [limited("app-f", on: "demo/x", retries: 0, timeouts: timeouts, runs(1, key: "event.data.k"))]
        )
        for n in 1...2 { engine.send("demo/x", #"{"n":\#(n),"k":1}"#) }
        engine.send("demo/x", #"{"n":3,"k":2}"#)
        engine.suffer(upset)
        #expect(engine.called().sorted() == [1, 3])
        let call = try #require(engine.calls.first { $0.id.run == engine.runs[0].row })
        switch kind {
        case 0: engine.reply(call, with: .returned(nil))
        case 1: engine.reply(call, with: .failed(.status500))
        case 2:
            engine.reply(call, sleep("s", "1h"))
            engine.suffer(upset)
            engine.feed(.cancel(run: call.id.run))
        default:
            engine.reply(call, sleep("s", "1h"))
            engine.suffer(upset)
            engine.advance(by: .seconds(30))
        }
        engine.suffer(upset)
        #expect(engine.runs[0].isFinished)
        #expect(engine.called().contains(2))
        engine.serve()
        engine.expectNothingLeft()
    }

    @Test("a limit on runs and one on calls hold together", arguments: Upset.allCases)
    func both(upset: Upset) throws {
        let flow = FlowControl(concurrency: [calls(1)], runConcurrency: FlowControl.RunConcurrency(limit: 2))
        let engine = CoreHarness(upset, [limited("app-f", on: "demo/x", flow)])
        for n in 1...4 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        try engine.answer(sleep("s", "1m"))
        engine.suffer(upset)
        #expect(engine.called() == [2])
        try engine.answer(sleep("s", "1m"))
        engine.suffer(upset)
        #expect(engine.called() == [])
        engine.advance(by: .minutes(1))
        #expect(engine.called() == [1])
        try engine.complete()
        #expect(engine.called() == [2], "it has started before 3")
        engine.serve()
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    @Test("runs read from the store for their turn do not lose it or take it twice")
    func parked() throws {
        let engine = CoreHarness { $0.limits.residentBytes = 0 }
        engine.register([limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1)]))])
        for n in 1...4 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.feed(.tick)
        #expect(engine.core.residents.count == 1)
        for n in 1...4 as ClosedRange<Int64> {
            #expect(engine.called() == [n])
            #expect(engine.core.queue.count == Int(4 - n), "who is called waits no more")
            engine.holdsReads = true
            try engine.complete()
            #expect(engine.calls.isEmpty)
            // Its place is taken already.
            engine.send("demo/y")
            engine.releaseReads()
        }
        engine.expectNothingLeft()
    }

    @Test("a run that ends while it is read for its turn passes the turn on")
    func cancelledWhileRead() throws {
        let engine = CoreHarness { $0.limits.residentBytes = 0 }
        engine.register([limited("app-f", on: "demo/x", FlowControl(concurrency: [calls(1, key: "event.data.k")]))])
        for n in 1...3 { engine.send("demo/x", #"{"n":\#(n),"k":1}"#) }
        engine.feed(.tick)
        engine.holdsReads = true
        engine.feed(.cancel(run: engine.runs[1].row))
        try engine.complete()
        engine.releaseReads()
        #expect(engine.runs[1].status == .cancelled)
        #expect(engine.called() == [3])
        try engine.complete()
        engine.expectNothingLeft()
    }
}
