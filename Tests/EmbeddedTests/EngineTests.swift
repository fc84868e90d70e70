import Apus
import ApusCore
import ApusEmbedded
import ApusEngine
import ApusNode
import ApusStore
import Foundation
import Synchronization
import Testing

@Suite("An engine in the process", .serialized)
struct EngineTests {
    private let client = Client(appID: "test", settings: .test())

    private struct Numbers: Codable, Sendable {
        var values: [Int]

        init(_ values: Int...) {
            self.values = values
        }
    }

    private struct Code: Codable, Sendable {
        var code = 7
    }

    private func sum(_ apus: Client) -> Function<Numbers, Int> {
        apus.function("sum", input: Numbers.self) { numbers, step in
            try await step.run("add") { numbers.values.reduce(0, +) }
        }
    }

    // MARK: - Calls of its own

    @Test("a function is invoked with its own types, and its failure comes back as it was")
    func invoke() async throws {
        let sum = sum(client)
        let declined = client.function("declined", input: Code.self) { input, _ -> Int in
            throw NonRetriableError("no", cause: Declined(code: input.code))
        }
        let failing = client.function("failing", input: Code.self, .retries(0)) { input, _ -> Int in
            throw Declined(code: input.code)
        }
        let engine = try await Engine.inMemory(functions: [sum, declined, failing], settings: .test)
        #expect(try await engine.invoke(sum, Numbers(1, 2, 3)) == 6)
        let refused = await #expect(throws: RunFailure.self) { try await engine.invoke(declined, Code()) }
        #expect(refused?.name == "Declined")
        #expect(refused?.message == "no")
        let thrown = await #expect(throws: RunFailure.self) { try await engine.invoke(failing, Code()) }
        #expect(thrown?.decode(Declined.self)?.code == 7)

        let list = client.function("list", input: [Int].self) { numbers, _ in numbers.count }
        await #expect(throws: EngineError.invalid("function test-list: its input is no JSON object")) {
            try await engine.start(list, [1])
        }

        let id = try await engine.start(sum, Numbers(4, 5))
        #expect(try await engine.result(of: id, as: Int.self) == 9)
        let run = try #require(try await engine.run(id))
        #expect(run.status == .completed)
        #expect(run.function == "test-sum")
        #expect(run.endedAt != nil && run.failure == nil)
        await engine.shutdown()
    }

    @Test("what cannot be found or has not ended is said so")
    func unknown() async throws {
        let sleepy = client.function("sleepy", on: Started.self) { _, step in
            try await step.sleep("long", for: .hours(1))
        }
        let engine = try await Engine.inMemory(functions: [sleepy], settings: .test)
        #expect(try await engine.run("nothing") == nil)
        #expect(try await !engine.cancel("01HF7YAT00000G40R40M30E20A"))
        await #expect(throws: EngineError.unknownRun("x")) { try await engine.end(of: "x") }
        await #expect(throws: EngineError.notStarted("test-sum")) { try await engine.start(sum(client), Numbers(1)) }
        let event = try await engine.send(Started())
        let run = try #require(try await engine.runs(of: event).first)
        await #expect(throws: EngineError.stillRunning(run.id)) {
            try await engine.end(of: run.id, within: .milliseconds(1))
        }
        #expect(try await engine.cancel(run.id))
        await #expect(throws: EngineError.cancelled(run.id)) { try await engine.result(of: run.id, as: Int.self) }
        await engine.shutdown()
    }

    @Test("whoever invokes hears of every way in which the wait can end")
    func invokeWithoutResult() async throws {
        let journal = Journal()
        let sleepy = client.function("sleepy", input: Code.self) { _, step in
            try await step.run("first") { journal.note("begun") }
            try await step.sleep("long", for: .hours(1))
            return 1
        }
        let engine = try await Engine.inMemory(functions: [sleepy], settings: .test)
        let tooShort = await #expect(throws: EngineError.self) {
            try await engine.invoke(sleepy, Code(), within: .milliseconds(1))
        }
        guard case .stillRunning(let run)? = tooShort else { return #expect(Bool(false), "it ended otherwise") }
        #expect(try await engine.run(run)?.status == .running)

        let unwanted = Task { try await engine.invoke(sleepy, Code()) }
        try await eventually("the second run begins") { journal.lines.count >= 2 ? true : nil }
        unwanted.cancel()
        await #expect(throws: CancellationError.self) { try await unwanted.value }

        let left = Task { try await engine.invoke(sleepy, Code()) }
        try await eventually("the third run begins") { journal.lines.count >= 3 ? true : nil }
        await engine.shutdown()
        await #expect(throws: EngineError.ended) { try await left.value }
    }

    @Test("a run that failed is repeated from where it failed")
    func rerun() async throws {
        let journal = Journal()
        let broken = Mutex(true)
        let function = client.function("mended", on: Started.self, .retries(0)) { _, step in
            try await step.run("first") { journal.note("first") }
            return try await step.run("second") {
                journal.note("second")
                if broken.withLock({ $0 }) { throw Declined(code: 1) }
                return 2
            }
        }
        let engine = try await Engine.inMemory(functions: [function], settings: .test)
        let event = try await engine.send(Started())
        let run = try #require(try await engine.runs(of: event).first)
        #expect(try await engine.end(of: run.id).status == .failed)
        broken.withLock { $0 = false }
        let new = try await engine.rerun(run.id)
        #expect(try await engine.result(of: new, as: Int.self) == 2)
        #expect(journal.lines == ["first", "second", "second"])
        await engine.shutdown()
    }

    @Test("the middleware of the client sees results on their way in and out")
    func middleware() async throws {
        struct Veil: Middleware {
            func outgoing(_ value: JSON) throws -> JSON { ["veiled": value] }
            func incoming(_ value: JSON) throws -> JSON { value["veiled"] ?? value }
        }
        var settings = ClientSettings.test()
        settings.middleware = [Veil()]
        let client = Client(appID: "test", settings: settings)
        let sum = sum(client)
        let engine = try await Engine.inMemory(functions: [sum], settings: .test)
        #expect(try await engine.invoke(sum, Numbers(1, 2)) == 3)
        await engine.shutdown()
    }

    @Test("no more handlers run at once than allowed")
    func concurrency() async throws {
        let counts = Mutex((now: 0, most: 0))
        let busy = client.function("busy", on: Started.self) { _, step in
            try await step.run("work") {
                counts.withLock { counts in
                    counts.now += 1
                    counts.most = max(counts.most, counts.now)
                }
                try await Task.sleep(for: .milliseconds(20))
                counts.withLock { $0.now -= 1 }
            }
        }
        var settings = EngineSettings.test
        settings.concurrentCalls = 3
        let engine = try await Engine.inMemory(functions: [busy], settings: settings)
        let events = try await engine.send((0..<12).map { OutgoingEvent(Started(number: $0)) })
        for event in events {
            for run in try await engine.runs(of: event) {
                #expect(try await engine.end(of: run.id).status == .completed)
            }
        }
        #expect(counts.withLock { $0.most } == 3)
        await engine.shutdown()
    }

    @Test("a run of three steps costs four commits, that of its event among them")
    func commits() async throws {
        let function = client.function("three", on: Started.self) { event, step in
            let one = try await step.run("one") { 1 }
            let two = try await step.run("two") { one + 1 }
            return try await step.run("three") { two + 1 }
        }
        let engine = try await Engine.inMemory(functions: [function], settings: .test)
        let event = try await engine.send(Started())
        let run = try #require(try await engine.runs(of: event).first)
        #expect(try await engine.result(of: run.id, as: Int.self) == 3)
        let id = try #require(ULID(run.id))
        let journal = try await engine.node.read { reader throws(StoreError) in try reader.journal(ofRun: id) }
        #expect(journal?.turns.count == 4)
        await engine.shutdown()
    }

    // MARK: - Opening

    @Test("options that cannot be are told when it is opened: the function, the field and the reason")
    func badOptions() async throws {
        let bad: [(any Servable, String)] = [
            (client.function("a", on: Started.self, .rateLimit(0, per: .seconds(1))) { _, _ in }, "ratelimit"),
            (client.function("b", on: Started.self, if: "event.data.(") { _, _ in }, "expression"),
            (client.function("c", cron: "61 * * * *") { _ in }, "cron"),
            (client.function("d", on: Started.self, .priority("event.data.number +")) { _, _ in }, "priority"),
            (client.function("e", on: Started.self, .retries(-1)) { _, _ in }, "retries"),
        ]
        for (function, field) in bad {
            let error = await #expect(throws: EngineError.self) { try await Engine.inMemory(functions: [function]) }
            guard case .functions(let problems) = try #require(error) else {
                Issue.record("\(field): \(String(describing: error))")
                continue
            }
            #expect(problems.count == 1, "\(problems)")
            #expect(problems.first?.contains("function \(function.definition.slug)") == true, "\(problems)")
            #expect(problems.first?.lowercased().contains(field) == true, "\(problems)")
        }
        let twice = [sum(client), sum(client)]
        await #expect(throws: EngineError.self) { try await Engine.inMemory(functions: twice) }
        await #expect(throws: EngineError.self) { try await Engine.inMemory(functions: []) }
        let stranger = Client(appID: "other", settings: .test())
        await #expect(throws: EngineError.self) {
            try await Engine.inMemory(functions: [sum(client), sum(stranger)])
        }
        var settings = EngineSettings()
        settings.storeMegabytes = 1
        await #expect(throws: EngineError.invalid("storeMegabytes must be at least 16")) {
            try await Engine.inMemory(functions: [sum(client)], settings: settings)
        }
        // Nothing of this is left.
        let engine = try await Engine.inMemory(functions: [sum(client)])
        await engine.shutdown()
    }

    @Test("no keys are needed, whatever the environment says")
    func noKeys() async throws {
        let client = Client(appID: "test", settings: ClientSettings(environment: [:]))
        let sum = sum(client)
        let engine = try await Engine.inMemory(functions: [sum])
        #expect(try await engine.invoke(sum, Numbers(1)) == 1)
        await engine.shutdown()
    }

    @Test("a directory belongs to one engine, and so does a client")
    func locks() async throws {
        let directory = try TemporaryDirectory()
        let first = try await Engine.open(at: directory.path, functions: [sum(client)])
        let other = Client(appID: "other", settings: .test())
        let error = await #expect(throws: EngineError.self) {
            try await Engine.open(at: URL(fileURLWithPath: directory.path), functions: [sum(other)])
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("is in use by process \(getpid())"))
        await #expect(throws: EngineError.invalid("the client test belongs to an open engine already")) {
            try await Engine.inMemory(functions: [sum(client)])
        }
        await first.shutdown()
        let second = try await Engine.open(at: directory.path, functions: [sum(other)])
        await second.shutdown()
    }

    @Test("a store that is none is not touched")
    func noStore() async throws {
        let directory = try TemporaryDirectory()
        try Data("not a database, but somebody's".utf8).write(
            to: URL(fileURLWithPath: directory.path).appendingPathComponent("apus.db"))
        let error = await #expect(throws: EngineError.self) {
            try await Engine.open(at: directory.path, functions: [sum(client)])
        }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("The store in \(directory.path) cannot be opened: "))
    }

    // MARK: - Ending

    @Test("an engine that was closed in the middle goes on where it was when it is opened again")
    func reopen() async throws {
        let directory = try TemporaryDirectory()
        let journal = Journal()
        let (gates, gate) = AsyncStream.makeStream(of: Void.self)
        let begun = Journal()
        let function = client.function("long", on: Started.self) { event, step in
            let one = try await step.run("one") {
                journal.note("one")
                return 1
            }
            let two = try await step.run("two") {
                begun.note("two")
                if begun.lines.count == 1 { for await _ in gates { break } }
                journal.note("two")
                return one + 1
            }
            return try await step.run("three") {
                journal.note("three")
                return two + 1
            }
        }
        var settings = EngineSettings.test
        settings.shutdownPatience = .seconds(30)
        let first = try await Engine.open(at: directory.path, functions: [function], settings: settings)
        let event = try await first.send(Started())
        let run = try #require(try await first.runs(of: event).first)
        try await eventually("the second step runs") { begun.lines.isEmpty ? nil : true }
        async let end: Void = first.shutdown()
        try await eventually("the engine is ending") { first.hasEnded ? true : nil }
        gate.yield()
        await end
        // The step that ran came to its end, and its result counts.
        #expect(journal.lines == ["one", "two"])
        await #expect(throws: EngineError.ended) { try await first.run(run.id) }
        await #expect(throws: SendError.self) { try await client.send(Started()) }

        let second = try await Engine.open(at: directory.path, functions: [function], settings: settings)
        #expect(try await second.result(of: run.id, as: Int.self) == 3)
        #expect(journal.lines == ["one", "two", "three"])
        await second.shutdown()
    }

    @Test("a step that does not end in time is cancelled, and repeated with the same attempt")
    func impatience() async throws {
        let directory = try TemporaryDirectory()
        let journal = Journal()
        let function = client.function("stuck", on: Started.self, .retries(0)) { _, step in
            try await step.run("stuck") {
                journal.note("attempt \(step.context.attempt)")
                if journal.lines.count == 1 { try await Task.sleep(for: .hours(1)) }
                return "done"
            }
        }
        let first = try await Engine.open(at: directory.path, functions: [function], settings: .test)
        let event = try await first.send(Started())
        let run = try #require(try await first.runs(of: event).first)
        try await eventually("the step runs") { journal.lines.isEmpty ? nil : true }
        await first.shutdown()
        let second = try await Engine.open(at: directory.path, functions: [function], settings: .test)
        #expect(try await second.result(of: run.id, as: String.self) == "done")
        #expect(journal.lines == ["attempt 0", "attempt 0"])
        await second.shutdown()
    }

    @Test("who waits for a run is told when the engine ends")
    func waitersEnd() async throws {
        let sleepy = client.function("sleepy", on: Started.self) { _, step in
            try await step.sleep("long", for: .hours(1))
        }
        let engine = try await Engine.inMemory(functions: [sleepy], settings: .test)
        let event = try await engine.send(Started())
        let run = try #require(try await engine.runs(of: event).first)
        let waiting = Task { await #expect(throws: EngineError.ended) { try await engine.end(of: run.id) } }
        try await Task.sleep(for: .milliseconds(20))
        await engine.shutdown()
        _ = await waiting.value
        // Twice is as good as once.
        await engine.shutdown()
    }

    @Test("as a service it runs until its task is cancelled")
    func service() async throws {
        let engine = try await Engine.inMemory(functions: [sum(client)], settings: .test)
        let task = Task { await engine.run() }
        task.cancel()
        await task.value
        await #expect(throws: EngineError.ended) { try await engine.start(sum(client), Numbers(1)) }
    }

    @Test("a function that is gone is archived, and one that has changed is the new one")
    func upgrade() async throws {
        let directory = try TemporaryDirectory()
        let first = try await Engine.open(at: directory.path, functions: [sum(client)])
        #expect(try await first.invoke(sum(client), Numbers(1, 2)) == 3)
        await first.shutdown()
        let product = client.function("product", input: Numbers.self) { numbers, _ in numbers.values.reduce(1, *) }
        let second = try await Engine.open(at: directory.path, functions: [product])
        #expect(try await second.invoke(product, Numbers(2, 3)) == 6)
        await #expect(throws: EngineError.notStarted("test-sum")) { try await second.start(sum(client), Numbers(1)) }
        await second.shutdown()
    }

    @Test("a server that opens the directory takes the runs over, and the functions stay as they are")
    func move() async throws {
        let directory = try TemporaryDirectory()
        let journal = Journal()
        func approval(_ apus: Client) -> Function<Started, String> {
            apus.function("approval", on: Started.self) { _, step in
                let one = try await step.run("one") {
                    journal.note("one")
                    return "one"
                }
                let two = try await step.waitForSignal("wait", "go", String.self, within: .hours(1)) ?? ""
                return one + two
            }
        }
        let embedded = EmbeddedHost(
            engine: try await Engine.open(at: directory.path, functions: [approval(client)], settings: .test))
        let event = try await embedded.client.send(Started())
        _ = try await embedded.listening(event)
        await embedded.stop()

        let server = try await ServerHost.start(on: directory.path) { [approval($0)] }
        do {
            #expect(try await server.signal("go", "two"))
            #expect(try await server.end(of: event).text == "\"onetwo\"")
            #expect(journal.lines == ["one"])
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    // MARK: - kill -9

    @Test("a process that is killed goes on where it was, and repeats at most the step that ran")
    func kill() async throws {
        let directory = try TemporaryDirectory()
        let journal = directory.path + "/journal"
        #expect(FileManager.default.createFile(atPath: journal, contents: nil))
        func lines() -> [String] {
            ((try? String(contentsOfFile: journal, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
        }
        let arguments = [directory.path + "/store", journal, "12"]
        var kills = 0
        while !lines().contains("done") {
            let child = try ChildProcess.start("EmbeddedTestApp", orSet: "APUS_EMBEDDED_TEST_APP", arguments)
            let before = lines().count
            try await eventually("a step runs: \(child.output)") {
                let isOver = lines().contains("done") || !child.isRunning
                return isOver || lines().count > before + kills % 3 ? true : nil
            }
            child.kill()
            kills += 1
            #expect(kills < 50, "\(lines())")
            if kills >= 50 { break }
        }
        #expect(kills > 2)
        let steps = lines().filter { $0.hasPrefix("step") }
        // Every step ran, in its order, and one is repeated only if it was the last before a kill.
        #expect(Set(steps) == Set((0..<12).map { "step \($0)" }))
        #expect(steps == steps.sorted { Int($0.dropFirst(5)) ?? 0 < Int($1.dropFirst(5)) ?? 0 })
        #expect(steps.count <= 12 + kills)
    }
}
