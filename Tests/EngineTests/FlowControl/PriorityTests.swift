import ApusCore
import Testing

@testable import ApusEngine

@Suite("Priority")
struct PriorityTests {
    private func configuration(_ expression: String, concurrency: [FlowControl.Concurrency] = [])
        -> FunctionConfiguration
    {
        limited("app-f", on: "demo/x", FlowControl(concurrency: concurrency, priority: expression))
    }

    @Test("a run goes ahead of those that began up to so many seconds before it", arguments: Upset.allCases)
    func order(upset: Upset) {
        let engine = CoreHarness(upset, [configuration("int(event.data.p)", concurrency: [calls(1)])])
        engine.send("demo/x", #"{"n":0,"p":0}"#)
        for (n, priority) in [0, 119, 121, 0, 600].enumerated() {
            engine.now += .seconds(n == 1 ? 120 : 0)
            engine.send("demo/x", #"{"n":\#(n + 1),"p":\#(priority)}"#)
            engine.suffer(upset)
        }
        var order: [Int64] = []
        while let call = engine.calls.first {
            order += engine.called()
            engine.reply(call, with: .returned(nil))
            engine.suffer(upset)
        }
        #expect(order == [0, 5, 3, 1, 2, 4])
        engine.expectNothingLeft()
    }

    @Test(
        "what is no integer counts as 0, and integers end at half a day",
        arguments: [
            ("120", 120), ("-5", -5), ("int(event.data.p)", 7), ("event.data.p", 0), ("event.data.missing", 0),
            ("'120'", 0), ("1.5", 0),
            ("true", 0), ("1 / 0", 0), ("event.data.p == 7 ? 30 : 0", 30), ("43201", 43_200), ("100000000000", 43_200),
            ("-43201", -43_200), ("-9223372036854775808", -43_200),
        ]
    )
    func value(expression: String, seconds: Int) throws {
        let engine = CoreHarness(configuration(expression))
        engine.send("demo/x", #"{"p":7}"#)
        #expect(try engine.onlyRun().flow?.priority == .seconds(seconds))
    }

    @Test("a negative priority keeps a run back for so long, also when nothing else does", arguments: Upset.allCases)
    func negative(upset: Upset) throws {
        let engine = CoreHarness(upset, [configuration("int(event.data.p)")])
        engine.send("demo/x", #"{"p":-5}"#)
        engine.suffer(upset)
        engine.serve(for: .milliseconds(4_999))
        #expect(engine.starts() == [-1])
        engine.suffer(upset)
        engine.serve(for: .milliseconds(1))
        #expect(engine.starts() == [5])
        engine.expectNothingLeft()
    }

    @Test("a future event starts at its time, neither earlier nor later", arguments: [-5, 0, 100])
    func future(priority: Int) {
        let engine = CoreHarness(configuration("int(event.data.p)"))
        engine.send("demo/x", #"{"p":\#(priority)}"#, at: engine.now + .seconds(60))
        engine.serve(for: .minutes(2))
        #expect(engine.starts() == [60])
    }

    @Test("priority is frozen when the run is scheduled")
    func frozen() {
        let engine = CoreHarness(configuration("int(event.data.p)", concurrency: [calls(1)]))
        for n in 0...2 { engine.send("demo/x", #"{"n":\#(n),"p":\#(n)}"#) }
        engine.register([configuration("-int(event.data.p)", concurrency: [calls(1)])])
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(engine.called() == [2])
    }

    @Test("priority has no effect between functions, and none between keys")
    func scope() {
        let flow = FlowControl(
            concurrency: [calls(1)], runConcurrency: FlowControl.RunConcurrency(limit: 9, key: "event.data.k"),
            priority: "int(event.data.p)"
        )
        let engine = CoreHarness(limited("app-f", on: "demo/x", flow))
        engine.send("demo/x", #"{"n":0,"k":0,"p":0}"#)
        engine.send("demo/x", #"{"n":1,"k":1,"p":0}"#)
        engine.send("demo/x", #"{"n":2,"k":2,"p":600}"#)
        engine.reply(engine.calls[0], with: .returned(nil))
        #expect(engine.called() == [1], "keys take turns")
    }

    @Test("a started run keeps its place by its creation, whatever it has waited for since", arguments: Upset.allCases)
    func started(upset: Upset) throws {
        let engine = CoreHarness(upset, [configuration("int(event.data.p)", concurrency: [calls(1)])])
        for (n, priority) in [0, 0, 60].enumerated() { engine.send("demo/x", #"{"n":\#(n),"p":\#(priority)}"#) }
        for n in [0, 2, 1] {
            #expect(engine.called() == [Int64(n)])
            try engine.answer(sleep("s", n == 0 ? "10s" : "20s"))
            engine.suffer(upset)
        }
        engine.send("demo/x", #"{"n":3,"p":43200}"#)
        engine.now += .seconds(30)
        engine.feed(.tick)
        var order = engine.called()
        while let call = engine.calls.first {
            engine.reply(call, with: .returned(nil))
            engine.suffer(upset)
            order += engine.called()
        }
        #expect(order == [3, 2, 0, 1], "3 was under way when they woke")
        engine.expectNothingLeft()
    }
}
