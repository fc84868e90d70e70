import Apus
import ApusTesting
import Foundation
import Testing

@Suite("Testing a function without a server")
struct FunctionTestTests {
    private let shop = Shop()

    @Test("mocks, failures and events, and what became of the steps", arguments: [TestSettings(), .bothWays])
    func onboarding(settings: TestSettings) async throws {
        let test = FunctionTest(shop.onboard, settings)
        test.mock(step: "create-workspace", returns: Workspace(id: "w1"))
        test.fail(step: "send-welcome", with: MailError.down, times: 2)
        test.event("first-order", OrderPlaced(userID: "u1"), after: .days(1))
        let run = try await test.run(shop.signedUp)
        #expect(run.output == "w1")
        #expect(run.status == .completed)
        #expect(
            run.steps.map(\.name) == ["create-workspace", "send-welcome", "sync-crm", "cool-down", "first-order"])
        #expect(run["send-welcome"].attempts == 3)
        #expect(run["send-nudge"].outcome == .notReached)
        #expect(run.slept == .days(3))
        #expect(run.duration == .days(4) + .seconds(15 + 30))
        #expect(try run["first-order"].result(as: OrderPlaced.self) == OrderPlaced(userID: "u1"))
        #expect(shop.mails.count == (settings.handlers == .both ? 2 : 1))
        #expect(run.steps.allSatisfy { $0.line.hasPrefix("SDKTestingTests/Shop.swift:") })
    }

    @Test("what does not come in time is nil")
    func timeout() async throws {
        let test = FunctionTest(shop.onboard)
        test.timesOut("first-order")
        let run = try await test.run(shop.signedUp)
        #expect(run.output == "real-u1")
        #expect(run["first-order"].outcome == .timedOut)
        #expect(run["send-nudge"].outcome == .succeeded)
        #expect(run.duration == .days(10))
        #expect(shop.mails.count == 2)
    }

    @Test("events that arrive during the run reach the steps whose condition holds")
    func arrivals() async throws {
        let test = FunctionTest(shop.onboard)
        test.arrives(OrderPlaced(userID: "u1"), after: .days(1))
        test.arrives(OrderPlaced(userID: "u2"), after: .days(4))
        var run = try await test.run(shop.signedUp)
        #expect(run["first-order"].outcome == .timedOut)
        test.arrives(OrderPlaced(userID: "u1", total: 7), after: .days(5))
        run = try await test.run(shop.signedUp)
        #expect(try run["first-order"].result(as: OrderPlaced.self).total == 7)
        #expect(run.duration == .days(5))
    }

    @Test("what the test lacks is named, with the line and what to add")
    func unmocked() async throws {
        let failure = await #expect(throws: TestFailure.self) {
            try await FunctionTest(shop.onboard).run(shop.signedUp)
        }
        #expect(failure?.description.contains(#"add test.event("first-order", …)"#) == true)
        #expect(failure?.description.contains("SDKTestingTests/Shop.swift:") == true)
    }

    @Test("an event that the step does not wait for fails the test")
    func otherEvent() async throws {
        let test = FunctionTest(shop.onboard)
        test.event("first-order", OrderPlaced(userID: "u2"))
        let failure = await #expect(throws: TestFailure.self) { try await test.run(shop.signedUp) }
        #expect(failure?.description.contains("event.data.userID == async.data.userID is false") == true)
    }

    @Test("an event that does not start the function fails the test")
    func condition() async throws {
        let failure = await #expect(throws: TestFailure.self) {
            try await FunctionTest(shop.onboard).run(UserSignedUp(userID: "u1", email: ""))
        }
        #expect(failure?.description.contains("event.data.email != '' is false") == true)
    }

    @Test("nothing runs that is not mocked, if so wished")
    func onlyMocks() async throws {
        let test = FunctionTest(shop.onboard, .onlyMocks)
        test.mock(step: "create-workspace", returns: Workspace(id: "w1"))
        let failure = await #expect(throws: TestFailure.self) { try await test.run(shop.signedUp) }
        #expect(failure?.description.contains(#"add test.mock(step: "send-welcome", returns: …)"#) == true)
        #expect(shop.mails.count == 0)
    }

    @Test("attempts are counted and paused between as the server does, and used up")
    func retries() async throws {
        let function = shop.apus.function("flaky", input: [String: Int].self, .retries(3)) { _, step in
            do {
                return try await step.run("charge") { 1 }
            } catch let error as StepError {
                return error.decode(CardDeclined.self)?.code ?? -1
            }
        }
        let test = FunctionTest(function, .bothWays)
        test.fail(step: "charge", with: CardDeclined(code: 7))
        let run = try await test.run([:])
        #expect(run.output == 7)
        #expect(run["charge"].attempts == 4)
        #expect(run["charge"].outcome == .failed)
        #expect(run["charge"].error?.decode(CardDeclined.self)?.code == 7)
        #expect(run.duration == .seconds(15 + 30 + 60))

        test.fail(step: "charge", with: NonRetriableError("no"))
        #expect(try await test.run([:])["charge"].attempts == 1)
        test.fail(step: "charge", with: RetryAfterError("later", after: .hours(1)), times: 1)
        #expect(try await test.run([:]).duration == .hours(1))
    }

    @Test("a function that fails is no failure of the test, and its failure handler runs")
    func failing() async throws {
        let function = shop.apus.function(
            "failing", on: UserSignedUp.self, .retries(1),
            .onFailure { failure, step in
                try await step.run("tell-\(failure.input.userID)-\(failure.message)") {}
            }
        ) { event, step in
            try await step.run("before") {}
            throw MailError.down
        }
        let run = try await FunctionTest(function, .bothWays).run(shop.signedUp)
        #expect(run.status == .failed)
        #expect(run.output == nil)
        #expect(run.error?.name == "MailError")
        #expect(run.failureHandler?.map(\.name) == ["tell-u1-down"])
    }

    @Test("what was done is undone, the last first")
    func saga() async throws {
        let function = shop.apus.function("saga", on: UserSignedUp.self, .retries(1)) { _, step in
            try await step.run("charge") {}
            step.compensate("refund") {}
            try await step.run("reserve") {}
            step.compensate("release") {}
            try await step.run("ship") {}
        }
        let test = FunctionTest(function, .bothWays)
        #expect(try await test.run(shop.signedUp).compensated == [])
        test.fail(step: "ship", with: MailError.down)
        let run = try await test.run(shop.signedUp)
        #expect(run.compensated == ["release", "refund"])
        #expect(run.error?.name == "MailError")
        test.fail(step: "release", with: MailError.down)
        #expect(try await test.run(shop.signedUp).compensated == ["refund"])
    }

    @Test("of two sleeps side by side the shorter ends first")
    func sleeps() async throws {
        let function = shop.apus.function("sleeps", input: [String: Int].self) { _, step in
            try await step.race {
                try await withThrowingTaskGroup(of: String.self) { group in
                    for (name, days) in [("long", 5), ("short", 2)] {
                        group.addTask {
                            try await step.sleep(name, for: .days(days))
                            return name
                        }
                    }
                    let first = try await group.next() ?? ""
                    group.cancelAll()
                    return first
                }
            }
        }
        let run = try await FunctionTest(function, .bothWays).run([:])
        #expect(run.output == "short")
        #expect(run.duration == .days(2))
        #expect(run["long"].outcome == .unfinished)
    }

    @Test("functions that are invoked run, with mocks of their own")
    func invoking() async throws {
        let child = shop.apus.function("child", input: [String: Int].self) { input, step in
            try await step.sleep("nap", for: .hours(1))
            return try await step.run("double") { 2 * (input["n"] ?? 0) }
        }
        let parent = shop.apus.function("parent", input: [String: Int].self) { input, step in
            try await step.invoke("call", child, input, within: .hours(2))
        }
        let test = FunctionTest(parent, .bothWays)
        let failure = await #expect(throws: TestFailure.self) { try await test.run(["n": 2]) }
        #expect(failure?.description.contains("test.include(…)") == true)

        test.include(child)
        var run = try await test.run(["n": 2])
        #expect(run.output == 4)
        #expect(run["call"].invoked.map(\.name) == ["nap", "double"])
        #expect(run.duration == .hours(1))

        let childTest = FunctionTest(child)
        childTest.mock(step: "double", returns: 40)
        test.include(childTest)
        #expect(try await test.run(["n": 2]).output == 40)

        childTest.fail(step: "double", with: NonRetriableError("no"))
        test.include(childTest)
        run = try await test.run(["n": 2])
        #expect(run.error?.message == "no")

        test.timesOut("call")
        run = try await test.run(["n": 2])
        #expect(run.status == .failed)
        #expect(run.duration == .hours(2))
    }

    @Test("events and signals that are sent are kept, also those that bodies send")
    func sending() async throws {
        let apus = shop.apus
        let function = apus.function("sender", input: [String: String].self) { input, step in
            try await step.send("tell", OrderPlaced(userID: "u1"))
            try await step.run("tell-directly") { _ = try await apus.send(OrderPlaced(userID: "u2"), id: "mine") }
            return try await step.sendSignal("signal", to: "s1", ["a": 1])
        }
        let run = try await FunctionTest(function, .bothWays).run([:])
        #expect(run.output == true)
        #expect(try run.sent.map { try $0.decode(OrderPlaced.self).userID } == ["u1", "u2"])
        #expect(run.sent.map(\.name) == ["order/placed", "order/placed"])
        #expect(run.sent.last?.id == "mine")
        #expect(try run.signals.map { try $0.decode([String: Int].self) } == [["a": 1]])
        #expect(run["tell"].kind == .send)
    }

    @Test("signals, requests and models")
    func outside() async throws {
        let function = shop.apus.function("outside", input: [String: String].self) { input, step in
            let signal = try await step.waitForSignal("approval", "s1", [String: Bool].self, within: .hours(1))
            let page = try await step.fetch("page", FetchRequest("http://shop.example"))
            let answer = try await step.infer(
                "ask", InferenceRequest(url: "http://model.example", key: "k", format: .openAI, body: ["a": 1]),
                returning: [String: Int].self)
            return "\(signal?["ok"] ?? false) \(page.status) \(page.body) \(answer["tokens"] ?? 0)"
        }
        let test = FunctionTest(function, .bothWays)
        test.signal("approval", ["ok": true], after: .minutes(5))
        test.mock(step: "page", returns: FetchResponse(status: 201, body: "hello"))
        test.mock(step: "ask", returns: ["tokens": 3])
        test.fail(step: "ask", with: MailError.down, times: 2)
        let run = try await test.run([:])
        #expect(run.output == "true 201 hello 3")
        #expect(run["ask"].attempts == 3)
        #expect(run.duration == .minutes(5) + .seconds(45))
    }

    @Test("several mocks of one name are for the steps of that name in turn")
    func loops() async throws {
        let function = shop.apus.function("pages", input: [String: String].self) { _, step in
            var pages: [Int] = []
            for _ in 0..<4 { pages.append(try await step.run("page") { 0 }) }
            return pages
        }
        let test = FunctionTest(function, .bothWays)
        test.mock(step: "page", returns: 1)
        test.mock(step: "page") { attempt in 10 + attempt.index }
        #expect(try await test.run([:]).output == [1, 11, 12, 13])
    }

    @Test("batches, schedules and patterns")
    func starts() async throws {
        let batched = shop.apus.function("batched", batching: OrderPlaced.self, upTo: 2, within: .seconds(5)) {
            events, _ in events.map(\.total).reduce(0, +)
        }
        let orders = [OrderPlaced(userID: "a", total: 1), OrderPlaced(userID: "b", total: 2)]
        #expect(try await FunctionTest(batched).run(batch: orders).output == 3)
        await #expect(throws: TestFailure.self) { try await FunctionTest(batched).run(batch: orders + orders) }

        let nightly = shop.apus.function("nightly", cron: "0 3 * * *") { step in step.context.event.name }
        #expect(try await FunctionTest(nightly).runScheduled().output == "inngest/scheduled.timer")

        let any = shop.apus.function("any", triggers: [.event("order/*")]) { event, _ in event.name }
        #expect(try await FunctionTest(any).run(event: "order/paid", data: ["a": 1]).output == "order/paid")
        await #expect(throws: TestFailure.self) {
            try await FunctionTest(any).run(event: "user/paid", data: ["a": 1])
        }
    }

    @Test("events and time limits cancel the run")
    func cancelling() async throws {
        let function = shop.apus.function(
            "cancelled", on: UserSignedUp.self, .cancel(on: OrderPlaced.self, matching: \.userID),
            .timeouts(finish: .days(9))
        ) { _, step in
            try await step.sleep("long", for: .days(20))
        }
        let test = FunctionTest(function)
        test.arrives(OrderPlaced(userID: "u2"), after: .days(1))
        #expect(try await test.run(shop.signedUp).duration == .days(9))
        test.arrives(OrderPlaced(userID: "u1"), after: .days(2))
        let run = try await test.run(shop.signedUp)
        #expect(run.status == .cancelled)
        #expect(run.duration == .days(2))
        #expect(run.slept == .zero)
    }

    @Test("a function that is not the same each time is found out")
    func divergence() async throws {
        let number = Counter()
        let function = shop.apus.function("changing", on: UserSignedUp.self) { _, step in
            try await step.run("charge-\(number.increase())") {}
            try await step.run("after") {}
        }
        let failure = await #expect(throws: TestFailure.self) { try await FunctionTest(function).run(shop.signedUp) }
        #expect(failure?.description.contains("does not do the same each time") == true)
        #expect(failure?.description.contains("charge-2 (SDKTestingTests/FunctionTestTests.swift:") == true)

        var kept = TestSettings()
        kept.handlers = .kept
        #expect(try await FunctionTest(function, kept).run(shop.signedUp).status == .completed)
    }

    @Test("a run that does not end is stopped with its last step")
    func endless() async throws {
        let forever = shop.apus.function("forever", on: UserSignedUp.self) { _, step in
            while true { try await step.sleep("again", for: .days(1)) }
        }
        var settings = TestSettings()
        settings.stepLimit = 50
        let failure = await #expect(throws: TestFailure.self) {
            try await FunctionTest(forever, settings).run(shop.signedUp)
        }
        #expect(failure?.description.contains("after 50 steps; its last step is again") == true)

        let stuck = shop.apus.function("stuck", on: UserSignedUp.self) { _, step in
            try await step.run("first") {}
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
        settings.timeLimit = .milliseconds(500)
        let other = await #expect(throws: TestFailure.self) {
            try await FunctionTest(stuck, settings).run(shop.signedUp)
        }
        #expect(other?.description.contains("its last step is first") == true)
    }

    @Test("a function that cannot register cannot be tested")
    func problems() async throws {
        let function = shop.apus.function("", on: UserSignedUp.self) { _, _ in }
        let failure = await #expect(throws: TestFailure.self) {
            try await FunctionTest(function).run(shop.signedUp)
        }
        #expect(failure?.description.contains("no id") == true)
    }

    @Test("a star stands where the server takes one: behind a slash or a dot", arguments: ["*", "user*", "user/sign*"])
    func wildcards(pattern: String) async throws {
        let function = shop.apus.function("star", triggers: [.event(pattern)]) { _, _ in true }
        let failure = await #expect(throws: TestFailure.self) {
            try await FunctionTest(function).run(event: "user/signed-up", data: [String: Int]())
        }
        #expect(failure?.description.contains("does not start function") == true)
        let other = shop.apus.function("slash", triggers: [.event("user/*")]) { _, _ in true }
        #expect(try await FunctionTest(other).run(event: "user/signed-up", data: [String: Int]()).output == true)
    }

    @Test("a thousand steps side by side")
    func many() async throws {
        let function = shop.apus.function("many", input: [String: Int].self) { _, step in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<1_000 { group.addTask { try await step.run("item-\(number)") { number } } }
                return try await group.reduce(0, +)
            }
        }
        #expect(try await FunctionTest(function).run([:]).output == 499_500)
    }
}
