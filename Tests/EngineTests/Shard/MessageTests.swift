import ApusCore
import Testing

@testable import ApusEngine

@Suite("Messages between shards")
struct MessageTests {
    /// Two shards that know the same functions, the second one's run invoked by the first one's.
    private struct Pair {
        let parent: CoreHarness
        let child: CoreHarness

        init() throws {
            // An event's shard follows from the id that is drawn for it, so some seed leads across.
            for seed in 1...64 as ClosedRange<UInt64> {
                let parent = CoreHarness(
                    function("app-f", on: "demo/x"), function("app-child"), shardCount: 2, seed: seed
                )
                parent.send("demo/x")
                try parent.answer(invoke("i", "app-child", #""timeout":"1h","payload":{"data":{"x":1}}"#))
                guard !parent.mail.isEmpty else { continue }
                self.parent = parent
                child = CoreHarness(shard: 1, shardCount: 2)
                child.feed(.registry(parent.core.registry))
                return
            }
            throw Lost()
        }

        struct Lost: Error {}

        /// Carries mail and acknowledgements to and fro until there are none.
        func exchange() {
            while !parent.mail.isEmpty || !child.mail.isEmpty || !parent.acknowledgements.isEmpty
                || !child.acknowledgements.isEmpty
            {
                for (from, to) in [(parent, child), (child, parent)] {
                    for (_, number, message) in from.takeMail() {
                        to.feed(.message(from: from.shard, number: number, message))
                    }
                    for (_, number) in from.takeAcknowledgements() {
                        to.feed(.acknowledged(by: from.shard, upTo: number))
                    }
                }
            }
        }
    }

    @Test("a run is invoked on another shard, and its result comes back")
    func invocation() throws {
        let pair = try Pair()
        #expect(pair.parent.calls.isEmpty)
        #expect(pair.parent.store.unacknowledged.count == 1)
        pair.exchange()
        #expect(pair.parent.store.unacknowledged.isEmpty)
        let call = try pair.child.onlyCall()
        #expect(call.json["event"]?["data"]?["x"]?.int == 1)
        #expect(call.json["event"]?["id"]?.string == pair.child.store.events.first?.id.description)
        #expect(ShardCore.home(of: try pair.child.onlyRun().id, shardCount: 2) == 1)
        try pair.child.complete("7")
        pair.exchange()
        #expect(try pair.parent.onlyCall().memo("i") == #"{"data":7}"#)
        #expect(pair.child.store.unacknowledged.isEmpty)
    }

    @Test("a message that is repeated is acknowledged again and applied once")
    func repeated() throws {
        let pair = try Pair()
        let mail = try #require(pair.parent.takeMail().first)
        for _ in 0..<3 { pair.child.feed(.message(from: 0, number: mail.number, mail.message)) }
        #expect(pair.child.runs.count == 1)
        #expect(pair.child.takeAcknowledgements().map(\.upTo) == [1, 1, 1])
        #expect(pair.child.store.applied == [0: 1])
        pair.child.restart()
        let again = pair.child.feed(.message(from: 0, number: mail.number, mail.message))
        #expect(again.writes.isEmpty)
        #expect(pair.child.runs.count == 1)
    }

    @Test("a message that comes before the ones it follows is left alone")
    func gap() throws {
        let pair = try Pair()
        let mail = try #require(pair.parent.takeMail().first)
        let early = pair.child.feed(.message(from: 0, number: 2, mail.message))
        #expect(early.writes.isEmpty)
        #expect(pair.child.acknowledgements.isEmpty)
        #expect(pair.child.runs.isEmpty)
        pair.child.feed(.message(from: 0, number: 1, mail.message))
        pair.child.feed(.message(from: 0, number: 2, mail.message))
        #expect(pair.child.runs.count == 2)
    }

    @Test("a message without acknowledgement is sent again, also after a restart")
    func resend() throws {
        let pair = try Pair()
        _ = pair.parent.takeMail()
        pair.parent.advance(by: .milliseconds(1_999))
        #expect(pair.parent.mail.isEmpty)
        pair.parent.advance(by: .milliseconds(1))
        #expect(pair.parent.takeMail().map(\.number) == [1])
        pair.parent.restart()
        #expect(pair.parent.mail.map(\.number) == [1])
        pair.exchange()
        #expect(pair.child.runs.count == 1)
        pair.parent.advance(by: .minutes(1))
        #expect(pair.parent.mail.isEmpty)
    }

    @Test("an invocation that is too late for its parent's patience is answered in vain")
    func lateAnswer() throws {
        let pair = try Pair()
        pair.exchange()
        pair.parent.advance(by: .hours(1))
        #expect(try pair.parent.onlyCall().memo("i")?.contains("InngestInvokeTimeoutError") == true)
        try pair.child.complete("7")
        pair.exchange()
        #expect(pair.parent.calls.count == 1)
        #expect(pair.child.store.unacknowledged.isEmpty)
    }

    @Test("a target that the other shard does not know is the step's error")
    func unknownTarget() throws {
        let pair = try Pair()
        pair.child.feed(.registry(Registry()))
        pair.exchange()
        #expect(pair.child.runs.isEmpty)
        #expect(try pair.parent.onlyCall().memo("i")?.contains("could not find function with ID") == true)
    }

    @Test("an invocation that the store refuses is the step's error")
    func refusedInvocation() throws {
        let pair = try Pair()
        let mail = try #require(pair.parent.takeMail().first)
        pair.child.feed(.refused(from: 0, number: mail.number, mail.message))
        #expect(pair.child.runs.isEmpty)
        pair.child.feed(.refused(from: 0, number: mail.number, mail.message))
        pair.child.feed(.message(from: 0, number: mail.number, mail.message))
        #expect(pair.child.runs.isEmpty, "it was taken once, for good")
        pair.exchange()
        #expect(try pair.parent.onlyCall().memo("i")?.contains("cannot be stored") == true)
        #expect(pair.parent.store.unacknowledged.isEmpty)
        #expect(pair.child.store.unacknowledged.isEmpty)
    }

    @Test("a result that the store refuses is an error instead")
    func refusedResult() throws {
        let pair = try Pair()
        pair.exchange()
        try pair.child.complete("7")
        let mail = try #require(pair.child.takeMail().first)
        pair.parent.feed(.refused(from: 1, number: mail.number, mail.message))
        #expect(try pair.parent.onlyCall().memo("i")?.contains("cannot be stored") == true)
        pair.exchange()
        #expect(pair.child.store.unacknowledged.isEmpty)
    }

    @Test("intake stops while another shard is far behind")
    func backlog() throws {
        let pair = try Pair()
        #expect(pair.parent.core.refusal == nil)
        let engine = CoreHarness(shardCount: 2) { $0.limits.unacknowledgedMessages = 3 }
        for count in 1...3 {
            #expect(engine.core.refusal == nil)
            engine.core.send(.resume(run: 1, step: id("i"), outcome: .completed, memo: .null), to: 1)
            engine.feed(.tick)
            #expect(engine.store.unacknowledged.count == count)
        }
        #expect(engine.core.refusal != nil)
        engine.feed(.acknowledged(by: 1, upTo: 1))
        #expect(engine.core.refusal == nil)
    }

    // MARK: To itself

    @Test("a parent that left memory gets its result by a message of the shard to itself")
    func coldParent() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-child")) {
            $0.limits.residentBytes = 0
        }
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child"))
        engine.feed(.tick)
        let parent = try engine.onlyRun(of: "app-f")
        #expect(engine.core.residents[parent.row] == nil)
        try engine.complete("7")
        #expect(try engine.onlyCall().memo("i") == #"{"data":7}"#)
        #expect(engine.store.applied == [0: 1])
        #expect(engine.store.unacknowledged.isEmpty)
    }

    @Test("that message survives a crash")
    func coldParentAndCrash() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-child")) {
            $0.limits.residentBytes = 0
        }
        engine.send("demo/x")
        try engine.answer(invoke("i", "app-child"))
        engine.feed(.tick)
        engine.losesOwnMail = true
        try engine.complete("7")
        #expect(engine.calls.isEmpty)
        engine.losesOwnMail = false
        engine.restart()
        #expect(try engine.onlyCall().memo("i") == #"{"data":7}"#)
        #expect(engine.store.unacknowledged.isEmpty)
    }

    @Test("a message for a run that is being read waits for it, and the ones after it come again")
    func waitsForRead() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-child")) {
            $0.limits.residentBytes = 0
        }
        for _ in 0..<2 {
            engine.send("demo/x")
            engine.reply(try engine.call(of: "app-f"), invoke("i", "app-child"))
        }
        engine.feed(.tick)
        engine.holdsReads = true
        for call in engine.calls { engine.reply(call, with: .returned(json("7"))) }
        #expect(engine.calls.isEmpty)
        #expect(engine.store.applied.isEmpty)
        engine.releaseReads()
        engine.advance(by: .seconds(2))
        #expect(engine.calls.map { $0.memo("i") } == [#"{"data":7}"#, #"{"data":7}"#])
        #expect(engine.store.applied == [0: 2])
        #expect(engine.store.unacknowledged.isEmpty)
    }
}

@Suite("Outbox")
struct OutboxTests {
    private let start = CoreHarness.start
    private let pause = TimeSpan.seconds(2)

    private func message(_ run: RowID) -> Message {
        .resume(run: run, step: id("s"), outcome: .completed, memo: .null)
    }

    @Test("messages are numbered from 1 without gaps")
    func numbers() {
        var outbox = Outbox()
        #expect((1...3).map { outbox.append(message($0), at: start) } == [1, 2, 3])
        outbox.acknowledge(upTo: 3)
        #expect(outbox.append(message(4), at: start) == 4)
    }

    @Test("an acknowledgement covers everything before it and may come twice or late")
    func acknowledgements() {
        var outbox = Outbox()
        for run in 1...4 as ClosedRange<RowID> { _ = outbox.append(message(run), at: start) }
        outbox.acknowledge(upTo: 2)
        #expect(outbox.unacknowledged.map(\.number) == [3, 4])
        outbox.acknowledge(upTo: 2)
        outbox.acknowledge(upTo: 1)
        #expect(outbox.unacknowledged.map(\.number) == [3, 4])
        outbox.acknowledge(upTo: 9)
        #expect(outbox.unacknowledged.first == nil)
        #expect(outbox.resendAt(after: pause) == nil)
    }

    @Test("what is not acknowledged in time is sent again, and again")
    func resend() {
        var outbox = Outbox()
        _ = outbox.append(message(1), at: start)
        _ = outbox.append(message(2), at: start + .seconds(1))
        #expect(outbox.resendAt(after: pause) == start + pause)
        #expect(outbox.due(at: start + .milliseconds(1_999), after: pause).isEmpty)
        #expect(outbox.due(at: start + pause, after: pause).map(\.number) == [1, 2])
        #expect(outbox.due(at: start + pause, after: pause).isEmpty)
        #expect(outbox.resendAt(after: pause) == start + .seconds(4))
    }

    @Test("what was read from the store is sent in any case, at most 100 at a time")
    func restored() {
        var outbox = Outbox()
        for number in 5...200 as ClosedRange<UInt64> { outbox.restore(number: number, message(1)) }
        #expect(outbox.next == 201)
        #expect(outbox.resendAt(after: pause) == .epoch)
        #expect(outbox.due(at: start, after: pause).map(\.number) == Array(5...104))
        outbox.acknowledge(upTo: 104)
        #expect(outbox.due(at: start, after: pause).map(\.number) == Array(105...200))
    }

    @Test("numbers go on behind a store whose messages are all acknowledged")
    func nextNumber() {
        var outbox = Outbox()
        outbox.next = 12
        #expect(outbox.append(message(1), at: start) == 12)
    }
}
