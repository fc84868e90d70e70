import ApusCore
import Testing

@testable import ApusEngine

@Suite("Rules of flow control together")
struct InterplayTests {
    private static let minute = TimeSpan.minutes(1)

    @Test("an idempotency key is looked at before a debounce", arguments: Upset.allCases)
    func idempotencyAndDebounce(upset: Upset) {
        let flow = FlowControl(
            rateLimit: FlowControl.RateLimit(limit: 1, period: .hours(24), key: "event.data.k", isIdempotency: true),
            debounce: FlowControl.Debounce(period: .seconds(10))
        )
        let engine = CoreHarness(upset, [limited("app-f", on: "demo/x", flow)])
        for (n, key) in ["a", "b", "a", "b"].enumerated() {
            engine.send("demo/x", #"{"n":\#(n),"k":"\#(key)"}"#)
            engine.suffer(upset)
        }
        engine.serve(for: Self.minute)
        #expect(engine.subjects() == [1], "the later ones neither take its place nor prolong the wait")
        #expect(engine.starts() == [10])
        engine.expectNothingLeft()
    }

    @Test("an event cancels what waits for its debounce only once it has fired", arguments: Upset.allCases)
    func debounceAndCancellation(upset: Upset) {
        var configuration = limited(
            "app-f", on: "demo/x", cancelledBy: [cancelledBy("demo/stop")],
            FlowControl(debounce: FlowControl.Debounce(period: .seconds(10)))
        )
        configuration.flowControl.throttle = FlowControl.Throttle(limit: 1, period: Self.minute)
        let engine = CoreHarness(upset, [configuration])
        engine.send("demo/x", #"{"n":1}"#)
        engine.send("demo/stop")
        engine.suffer(upset)
        engine.serve(for: .seconds(10))
        #expect(engine.runs.map(\.status) == [.completed])
        engine.send("demo/x", #"{"n":2}"#)
        engine.serve(for: .seconds(10))
        engine.suffer(upset)
        #expect(engine.runs.map(\.status) == [.completed, .running], "it waits for its throttle")
        engine.send("demo/stop")
        engine.serve(for: Self.minute)
        #expect(engine.runs.map(\.status) == [.completed, .cancelled])
        engine.expectNothingLeft()
    }

    @Test("an event cancels what waits for its throttle or its turn", arguments: Upset.allCases, [true, false])
    func cancelledWhileWaiting(upset: Upset, isThrottled: Bool) throws {
        let flow =
            isThrottled
            ? FlowControl(throttle: FlowControl.Throttle(limit: 1, period: Self.minute))
            : FlowControl(concurrency: [calls(1)])
        let engine = CoreHarness(
            upset,
            [
                limited(
                    "app-f", on: "demo/x", cancelledBy: [cancelledBy("demo/stop", if: "event.data.n == async.data.n")],
                    flow)
            ]
        )
        for n in 1...3 { engine.send("demo/x", #"{"n":\#(n)}"#) }
        engine.suffer(upset)
        engine.send("demo/stop", #"{"n":2}"#)
        engine.suffer(upset)
        engine.serve(for: .minutes(2))
        #expect(engine.runs.map(\.status) == [.completed, .cancelled, .completed])
        #expect(engine.starts() == (isThrottled ? [0, -1, 60] : [0, -1, 0]))
        engine.expectNothingLeft()
    }

    @Test("all rules of runs hold together", arguments: Upset.allCases)
    func everything(upset: Upset) {
        let flow = FlowControl(
            concurrency: [calls(2), calls(1, key: "event.data.k")],
            runConcurrency: FlowControl.RunConcurrency(limit: 3, key: "event.data.k"),
            throttle: FlowControl.Throttle(limit: 6, period: Self.minute, burst: 2, key: "event.data.t"),
            rateLimit: FlowControl.RateLimit(limit: 1, period: .seconds(1), key: "event.data.n"),
            priority: "int(event.data.p)",
            singleton: FlowControl.Singleton(mode: .skip, key: "event.data.n")
        )
        let engine = CoreHarness(upset, [limited("app-f", on: "demo/x", flow)])
        var random = SplitMix64(seed: 7)
        var accepted = 0
        for n in 0..<40 {
            let event = engine.send(
                "demo/x", #"{"n":\#(random.below(30)),"k":\#(n % 3),"t":\#(n % 2),"p":\#(random.below(60))}"#
            )
            if engine.outcome(event) == nil { accepted += 1 }
            if n % 3 == 0 { engine.suffer(upset) }
            if let call = engine.calls.first, n % 2 == 0 { engine.reply(call, sleep("s", "\(random.below(90))s")) }
            let open = Dictionary(grouping: engine.calls) { call in
                engine.store.folds[call.id.run].flatMap { engine.data(of: $0.start.events[0], "k") }
            }
            #expect(engine.calls.count <= 2 && open.values.allSatisfy { $0.count == 1 })
            engine.advance(by: .milliseconds(random.below(3_000)))
        }
        engine.serve(for: .hours(1))
        #expect(engine.runs.count == accepted)
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        engine.expectNothingLeft()
    }

    // MARK: Shards

    /// Carries mail between shards until there is none.
    private func exchange(_ shards: [CoreHarness]) {
        while shards.contains(where: { !$0.mail.isEmpty || !$0.acknowledgements.isEmpty }) {
            for from in shards {
                for other in shards where other !== from { other.store.foreignEvents += from.store.events }
                for (to, number, message) in from.takeMail() {
                    shards[Int(to)].feed(.message(from: from.shard, number: number, message))
                }
                for (to, number) in from.takeAcknowledgements() {
                    shards[Int(to)].feed(.acknowledged(by: from.shard, upTo: number))
                }
            }
        }
    }

    private func shards(_ functions: FunctionConfiguration...) -> [CoreHarness] {
        let shards = (0..<3 as Range<ShardID>).map { CoreHarness(shard: $0, shardCount: 3, seed: UInt64($0) + 1) }
        shards[0].register(functions)
        for shard in shards.dropFirst() { shard.feed(.registry(shards[0].core.registry)) }
        return shards
    }

    @Test(
        "one shard decides about a function's limits, wherever its events come in",
        arguments: [
            FlowControl(concurrency: [calls(1)]), FlowControl(batch: FlowControl.Batch(size: 3, timeout: .hours(1))),
            FlowControl(debounce: FlowControl.Debounce(period: .seconds(1))),
            FlowControl(singleton: FlowControl.Singleton()),
            FlowControl(rateLimit: FlowControl.RateLimit(limit: 1, period: .hours(1))),
            FlowControl(throttle: FlowControl.Throttle(limit: 1, period: .hours(1))),
        ]
    )
    func shared(flow: FlowControl) {
        let shards = shards(limited("app-f", on: "demo/x", flow))
        for (n, shard) in shards.enumerated() {
            shard.send("demo/x", #"{"n":\#(n)}"#)
            exchange(shards)
        }
        for shard in shards { shard.advance(by: .seconds(1)) }
        #expect(shards.reduce(0) { $0 + $1.calls.count } == 1)
        #expect(shards.count { !$0.runs.isEmpty } == 1)
    }

    @Test("functions that share a limit have one shard for all of them")
    func environment() {
        let flow = FlowControl(concurrency: [calls(1, key: "event.data.k", scope: .environment)])
        let shards = shards(limited("app-f", on: "demo/x", flow), limited("app-g", on: "demo/x", flow))
        for shard in shards {
            shard.send("demo/x", #"{"k":1}"#)
            exchange(shards)
        }
        #expect(shards.map(\.calls.count) == [1, 0, 0])
        #expect(shards[0].runs.count == 6)
    }
}
