import ApusCore
import Testing

@testable import ApusEngine

@Suite("The queue of runs")
struct RunQueueTests {
    private let bench = QueueBench()
    private static let byKey = calls(1, key: "event.data.k")

    // MARK: Order

    @Test("within a key older runs go first, ties in the order in which they began")
    func age() {
        bench.register("f", limits: calls(1))
        for (run, age) in [(1, 5), (2, 9), (3, 5), (4, 7)] { bench.add(RowID(run), age: .seconds(age)) }
        var order: [RowID] = []
        while let run = bench.next() {
            order.append(run)
            bench.end(run)
        }
        #expect(order == [2, 4, 1, 3])
    }

    @Test("priority moves a run by its seconds against runs that began before or after it")
    func priority() {
        bench.register("f", limits: calls(10))
        bench.add(1, priority: .zero, age: .seconds(120))
        bench.add(2, priority: .seconds(119))
        bench.add(3, priority: .seconds(121))
        bench.add(4, priority: .seconds(-1))
        bench.add(5, priority: .zero)
        #expect(bench.drain() == [3, 1, 2, 5, 4])
    }

    @Test("runs that have started go before those that have not, whatever their age and priority")
    func startedFirst() {
        bench.register("f", limits: calls(1))
        bench.add(1)
        #expect(bench.drain() == [1])
        bench.add(2, priority: .hours(12), age: .days(1))
        bench.now += .seconds(1)
        bench.add(3, kind: .started)
        bench.end(1)
        #expect(bench.drain() == [3])
        bench.end(3)
        #expect(bench.drain() == [2])
    }

    @Test("a call that a crash has orphaned goes first and needs no room, because it has it")
    func repeats() throws {
        bench.register("f", limits: calls(1))
        let function = UUID16.v5(namespace: .oid, name: "f")
        bench.queue.hold(CallSlots(function: function))
        bench.add(1, kind: .started)
        bench.add(2, kind: .repeats)
        #expect(bench.drain() == [2])
        #expect(bench.admissions[2]?.isRepeat == true)
        bench.queue.release(CallSlots(function: function), now: bench.now)
        #expect(bench.drain() == [1])
    }

    @Test("a run that waits already stays where it is, unless it goes further ahead")
    func again() {
        bench.register("f", limits: calls(1))
        bench.add(1)
        bench.add(1)
        #expect(bench.queue.count == 1)
        bench.add(2, age: .seconds(1))
        bench.add(1, kind: .started)
        bench.add(1, kind: .starts)
        #expect(bench.queue.count == 2)
        #expect(bench.next() == 1)
        #expect(bench.queue.count == 1)
        #expect(!bench.queue.contains(1))
    }

    @Test("an unknown function takes no runs")
    func unknownFunction() {
        let isKnown = bench.queue.add(
            1, of: UUID16(high: 1, low: 1), .starts, flow: nil, createdAt: bench.now, since: bench.now)
        #expect(!isKnown)
        #expect(bench.queue.count == 0)
    }

    // MARK: Turns

    @Test(
        "a key with very many runs holds up a key with one for a turn at most",
        arguments: [
            [calls(1)], [calls(1, key: "event.data.k")], [calls(3), calls(2, key: "event.data.k")],
            [calls(1, key: "event.data.k", scope: .environment)],
        ]
    )
    func fairness(limits: [FlowControl.Concurrency]) {
        // A key of the run limit tells the runs apart even where the calls have none.
        bench.register(
            "f",
            FlowControl(
                concurrency: limits,
                runConcurrency: FlowControl.RunConcurrency(limit: 1_000_000, key: "event.data.k")
            )
        )
        bench.add(0..<100_000, #"{"k":"many"}"#)
        bench.now += .hours(1)
        var running = bench.drain()
        bench.add(200_000, #"{"k":"one"}"#)
        var turns = 0
        while bench.admissions[200_000] == nil, turns < 10 {
            if !running.isEmpty { bench.end(running.removeFirst()) }
            running += bench.drain()
            turns += 1
        }
        #expect(turns <= 2)
    }

    @Test("keys take turns, a run each")
    func roundRobin() {
        bench.register(
            "f",
            FlowControl(
                concurrency: [calls(1)],
                runConcurrency: FlowControl.RunConcurrency(limit: 100, key: "event.data.k")
            )
        )
        for run in 0..<9 as Range<RowID> { bench.add(run, #"{"k":\#(run / 3)}"#) }
        var order: [RowID] = []
        while let run = bench.next() {
            // Until nobody has room, as a shard does it.
            #expect(bench.next() == nil)
            order.append(run)
            bench.end(run)
        }
        #expect(order == [0, 3, 6, 1, 4, 7, 2, 5, 8])
    }

    @Test("keys take turns also when much room comes at once")
    func roundRobinInBulk() {
        bench.register(
            "f",
            FlowControl(
                runConcurrency: FlowControl.RunConcurrency(limit: 100, key: "event.data.k"),
                throttle: FlowControl.Throttle(limit: 12, period: .seconds(12))
            )
        )
        for run in 0..<12 as Range<RowID> { bench.add(100 + run, #"{"k":9}"#) }
        #expect(bench.drain().count == 12)
        for run in 0..<12 as Range<RowID> { bench.add(run, #"{"k":\#(run / 3)}"#) }
        #expect(bench.drain().isEmpty)
        bench.pass(.seconds(60))
        #expect(bench.drain() == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
    }

    @Test("functions of an app take turns")
    func functions() {
        for name in ["f", "g"] { bench.register(name, limits: calls(10)) }
        for run in 0..<3 as Range<RowID> { bench.add(run, of: "f") }
        bench.add(10, of: "g")
        #expect(bench.drain() == [0, 10, 1, 2])
    }

    @Test(
        "functions that share a limit take turns, of one app or of several",
        arguments: [
            [QueueBench.app, QueueBench.app, QueueBench.app],
            [QueueBench.app, QueueBench.otherApp, QueueBench.app],
            [QueueBench.app, QueueBench.otherApp, QueueBench.thirdApp],
        ]
    )
    func sharedTurns(apps: [UUID16]) {
        let shared = calls(1, key: "event.data.k", scope: .environment)
        for (name, app) in zip(["f", "g", "h"], apps) {
            bench.register(name, app: app, limits: shared)
            for run in 0..<4 as Range<RowID> {
                bench.add((name == "f" ? 10 : name == "g" ? 20 : 30) + run, of: name, #"{"k":1}"#)
            }
        }
        var order: [RowID] = []
        var running = bench.drainStirred()
        while let run = running.first, order.count < 20 {
            #expect(running.count == 1)
            order.append(run / 10)
            bench.end(run)
            running = bench.drainStirred()
        }
        #expect(order.count == 12)
        for turn in 0..<4 { #expect(Set(order.dropFirst(turn * 3).prefix(3)) == [1, 2, 3], "\(order)") }
    }

    // MARK: Limits

    @Test("without limits everything goes")
    func unlimited() {
        bench.register("f")
        for run in 0..<5_000 as Range<RowID> { bench.add(run) }
        #expect(bench.drain().count == 5_000)
        #expect(bench.next(of: QueueBench.otherApp) == nil)
    }

    @Test("a full key does not hold up the others")
    func keys() {
        bench.register("f", limits: Self.byKey)
        for run in 0..<6 as Range<RowID> { bench.add(run, #"{"k":\#(run % 2)}"#) }
        #expect(bench.drain() == [0, 1])
        bench.end(1)
        #expect(bench.drain() == [3])
        bench.end(0)
        #expect(bench.drain() == [2])
    }

    @Test("two limits hold together")
    func twoLevels() {
        bench.register("f", limits: calls(3), calls(2, key: "event.data.k"))
        for run in 0..<4 as Range<RowID> { bench.add(run, #"{"k":1}"#) }
        for run in 4..<8 as Range<RowID> { bench.add(run, #"{"k":2}"#) }
        #expect(bench.drain() == [0, 4, 1])
        bench.end(4)
        #expect(bench.drain() == [5], "key 1 is full")
        bench.end(0)
        #expect(bench.drain().count == 1)
    }

    @Test("two keyed limits hold together, and one that is full does not hold back room at the other")
    func twoKeys() {
        bench.register("f", limits: calls(1, key: "event.data.a"), calls(1, key: "event.data.b"))
        bench.add(1, #"{"a":1,"b":1}"#)
        #expect(bench.drain() == [1])
        bench.add(2, #"{"a":1,"b":2}"#)
        bench.add(3, #"{"a":2,"b":2}"#)
        bench.add(4, #"{"a":1,"b":3}"#)
        #expect(bench.drain() == [3])
        bench.end(1)
        #expect(bench.drain() == [4], "2 still waits for b")
        bench.end(3)
        #expect(bench.drain().isEmpty)
        bench.end(4)
        #expect(bench.drain() == [2])
    }

    @Test("functions that share a key count together, each against its own limit")
    func environment() {
        let key = "event.data.k"
        bench.register("f", limits: calls(1, key: key, scope: .environment))
        bench.register("g", app: QueueBench.otherApp, limits: calls(2, key: key, scope: .environment))
        bench.register("h", limits: calls(1, key: key))
        bench.register("i", limits: calls(1, key: "event.data.k + ''", scope: .environment))
        for run in 0..<3 as Range<RowID> {
            bench.add(10 + run, of: "f", #"{"k":"x"}"#)
            bench.add(20 + run, of: "g", #"{"k":"x"}"#)
        }
        bench.add(30, of: "h", #"{"k":"x"}"#)
        bench.add(40, of: "i", #"{"k":"x"}"#)
        bench.add(50, of: "f", #"{"k":"y"}"#)
        #expect(Set(bench.drain()) == [10, 30, 40, 50], "another scope, text or value counts for itself")
        #expect(bench.drain(QueueBench.otherApp) == [20])
        bench.end(10)
        #expect(bench.drain().isEmpty, "20 takes the one place of f")
        #expect(bench.drain(QueueBench.otherApp) == [21])
        bench.end(20)
        bench.end(21)
        #expect(bench.drain() == [11])
        #expect(bench.drain(QueueBench.otherApp) == [22])
    }

    @Test("a limit on runs holds from the first call to the end")
    func runs() {
        bench.register("f", FlowControl(runConcurrency: FlowControl.RunConcurrency(limit: 1)))
        bench.add(1)
        bench.add(2)
        #expect(bench.drain() == [1])
        bench.end(1, andRun: false)
        #expect(bench.drain().isEmpty, "1 sleeps")
        bench.again(1)
        #expect(bench.drain() == [1], "a started run needs no room")
        bench.end(1)
        #expect(bench.drain() == [2])
    }

    @Test("room is taken at all limits or at none")
    func allOrNothing() {
        bench.register(
            "f",
            FlowControl(concurrency: [calls(1)], throttle: FlowControl.Throttle(limit: 1, period: .seconds(10)))
        )
        bench.add(1)
        bench.add(2)
        bench.add(3)
        #expect(bench.drain() == [1])
        bench.pass(.seconds(10))
        #expect(bench.drain().isEmpty, "the throttle has opened, but 1 is under way")
        bench.pass(.seconds(25))
        bench.end(1)
        #expect(bench.drain() == [2], "nothing was charged for what did not start")
        bench.end(2)
        #expect(bench.drain().isEmpty, "the place is free, but the throttle is closed")
        bench.pass(.milliseconds(9_999))
        #expect(bench.drain().isEmpty)
        bench.pass(.milliseconds(1))
        #expect(bench.drain() == [3])
    }

    @Test("what a run has waited for is told with its turn")
    func obstacles() throws {
        bench.register(
            "f",
            FlowControl(
                concurrency: [Self.byKey], throttle: FlowControl.Throttle(limit: 1, period: .seconds(10), burst: 2)
            )
        )
        for run in 1...3 as ClosedRange<RowID> { bench.add(run, #"{"k":"x"}"#) }
        #expect(bench.drain() == [1])
        #expect(bench.admissions[1]?.waited == nil)
        bench.pass(.seconds(1))
        bench.end(1)
        #expect(bench.drain() == [2])
        let waited = try #require(bench.admissions[2]?.waited)
        #expect(waited.obstacle == Obstacle(.concurrency, key: "x"))
        #expect(waited.since == CoreHarness.start)
    }

    // MARK: Changes

    @Test("a raised limit lets more go at once, a lowered one lets those under way end first")
    func changedLimits() {
        bench.register("f", limits: calls(1))
        for run in 0..<10 as Range<RowID> { bench.add(run) }
        #expect(bench.drain() == [0])
        bench.register("f", limits: calls(3))
        #expect(bench.drainStirred() == [1, 2])
        bench.register("f", limits: calls(2))
        bench.end(0)
        #expect(bench.drain().isEmpty)
        bench.end(1)
        #expect(bench.drain() == [3])
        bench.register("f")
        #expect(bench.drainStirred() == [4, 5, 6, 7, 8, 9], "no limit any more")
    }

    @Test("a new limit counts what is under way")
    func newLimit() {
        bench.register("f")
        for run in 0..<3 as Range<RowID> { bench.add(run) }
        #expect(bench.drain() == [0, 1, 2])
        bench.register("f", limits: calls(2))
        bench.add(3)
        bench.end(0)
        #expect(bench.drain().isEmpty)
        bench.end(1)
        #expect(bench.drain() == [3])
    }

    @Test("a limit with another key counts runs from before for their function only")
    func changedKey() {
        bench.register("f", limits: Self.byKey)
        for run in 0..<3 as Range<RowID> { bench.add(run, #"{"k":1}"#) }
        #expect(bench.drain() == [0])
        bench.register("f", limits: calls(1, key: "event.data.other"))
        #expect(bench.drainStirred() == [1, 2], "their key has no limit any more")
        for run in 0..<3 as Range<RowID> { bench.end(run) }
        #expect(bench.queue.held.isEmpty)
    }

    @Test("a throttle with another key asks for the keys of those that wait")
    func changedThrottle() {
        bench.register("f", FlowControl(throttle: FlowControl.Throttle(limit: 1, period: .seconds(10))))
        for run in 0..<3 as Range<RowID> { bench.add(run, #"{"k":\#(run)}"#) }
        #expect(bench.drain() == [0])
        bench.register(
            "f", FlowControl(throttle: FlowControl.Throttle(limit: 1, period: .seconds(10), key: "event.data.k"))
        )
        #expect(bench.drain() == [1, 2])
        #expect(bench.admissions[1]?.lacksKeys == true)
        #expect(bench.admissions[1]?.arrival == nil && bench.queue.held.isEmpty)
        bench.add(1, #"{"k":1}"#)
        bench.add(2, #"{"k":2}"#)
        #expect(bench.drain() == [1, 2])
        #expect(bench.admissions[1]?.lacksKeys == false)
    }

    @Test("a limit of 0 lets nothing pass until it is taken back", arguments: 0..<3)
    func zero(kind: Int) {
        let flow = FlowControl(
            concurrency: [calls(5)], runConcurrency: FlowControl.RunConcurrency(limit: 5),
            throttle: FlowControl.Throttle(limit: 5, period: .seconds(1))
        )
        var stop = LimitOverride()
        switch kind {
        case 0: stop.concurrency = [calls(0)]
        case 1: stop.runs = 0
        default: stop.throttle = LimitOverride.Rate(limit: 0, period: .seconds(1))
        }
        bench.register("f", overridden: stop, flow)
        bench.add(1)
        #expect(bench.drain().isEmpty)
        #expect(bench.queue.nextOpening == nil)
        bench.pass(.days(1))
        #expect(bench.drain().isEmpty)
        bench.register("f", flow)
        #expect(bench.drainStirred() == [1])
    }

    @Test("a paused function keeps its place in nobody's way")
    func paused() {
        let shared = calls(1, key: "event.data.k", scope: .environment)
        bench.register("f", limits: shared)
        bench.register("g", limits: shared)
        for run in 0..<2 as Range<RowID> {
            bench.add(10 + run, of: "f", #"{"k":1}"#)
            bench.add(20 + run, of: "g", #"{"k":1}"#)
        }
        #expect(bench.drain() == [10])
        bench.register("f", isPaused: true, FlowControl(concurrency: [shared]))
        bench.end(10)
        #expect(bench.drain() == [20])
        bench.end(20)
        #expect(bench.drain() == [21])
        bench.register("f", FlowControl(concurrency: [shared]))
        #expect(bench.drainStirred().isEmpty)
        bench.end(21)
        #expect(bench.drainStirred() == [11])
    }

    @Test("runs that leave before their turn make way")
    func removed() {
        bench.register("f", limits: Self.byKey)
        for run in 0..<200 as Range<RowID> { bench.add(run, #"{"k":1}"#) }
        #expect(bench.drain() == [0])
        for run in 1..<199 as Range<RowID> { bench.queue.remove(run, now: bench.now) }
        bench.queue.remove(1_000, now: bench.now)
        #expect(bench.queue.count == 1)
        bench.end(0)
        #expect(bench.drain() == [199])
        bench.end(199)
        bench.add(300, #"{"k":1}"#)
        #expect(bench.drain() == [300], "an empty key is begun again")
    }

    @Test("room that was offered to a run that leaves goes to the next")
    func offeredInVain() {
        bench.register(
            "f",
            FlowControl(
                concurrency: [calls(1)],
                runConcurrency: FlowControl.RunConcurrency(limit: 100, key: "event.data.k")
            )
        )
        bench.add(1, #"{"k":1}"#)
        #expect(bench.drain() == [1])
        bench.add(2, #"{"k":2}"#)
        bench.add(3, #"{"k":3}"#)
        #expect(bench.drain().isEmpty)
        bench.end(1)
        bench.queue.remove(2, now: bench.now)
        #expect(bench.drain() == [3])
    }

    @Test("lanes that come and go leave nothing behind")
    func comingAndGoing() {
        bench.register("f", limits: calls(1), Self.byKey)
        bench.add(1, #"{"k":"a"}"#)
        #expect(bench.drain() == [1])
        bench.add(2, #"{"k":"b"}"#)
        #expect(bench.drain().isEmpty)
        for run in 1_000..<6_000 as Range<RowID> {
            bench.add(run, #"{"k":\#(run)}"#)
            #expect(bench.next() == nil)
            bench.queue.remove(run, now: bench.now)
        }
        #expect(bench.queue.placesInLists < 500)
        bench.register("f", isPaused: true, FlowControl(concurrency: [calls(1)]))
        bench.end(1)
        for run in 1_000..<6_000 as Range<RowID> {
            bench.add(run)
            bench.queue.remove(run, now: bench.now)
        }
        #expect(bench.queue.placesInLists < 500)
        bench.register("f", limits: calls(1), Self.byKey)
        #expect(bench.drain() == [2])
    }
}
