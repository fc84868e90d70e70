import Apus
import ApusCore
import Hummingbird
import HummingbirdCore
import NIOCore
import Testing

@Suite("Steps do the same on every host", .serialized)
struct StepTests {
    @Test("steps run one after the other, each once", arguments: HostKind.allCases)
    func sequence(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("sequence", on: Started.self) { event, step in
                    var text = event.key
                    for name in ["a", "b", "c"] {
                        text = try await step.run(name) { [text] in
                            journal.note(name)
                            return text + name
                        }
                    }
                    return text
                }
            ]
        } _: { host async throws in
            let run = try await host.run(Started())
            #expect(run.status == "completed")
            #expect(run.text == "\"kabc\"")
            #expect(journal.lines == ["a", "b", "c"])
        }
    }

    @Test("a function without steps runs", arguments: HostKind.allCases)
    func noSteps(kind: HostKind) async throws {
        try await kind.with { apus in
            [apus.function("plain", on: Started.self) { event, _ in event.number + 1 }]
        } _: { host async throws in
            #expect(try await host.run(Started(number: 4)).text == "5")
        }
    }

    @Test("steps side by side run once each, with a sleep among them", arguments: HostKind.allCases)
    func parallel(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("parallel", on: Started.self) { event, step in
                    async let mail = step.run("mail") {
                        journal.note("mail")
                        return "m"
                    }
                    async let crm = step.run("crm") {
                        journal.note("crm")
                        return "c"
                    }
                    async let nap: Void = step.sleep("nap", for: .milliseconds(50))
                    try await nap
                    let both = try await [mail, crm].joined()
                    return try await step.run("last") {
                        journal.note("last")
                        return both
                    }
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started()).text == "\"mc\"")
            #expect(journal.lines.sorted() == ["crm", "last", "mail"])
            #expect(journal.lines.last == "last")
        }
    }

    @Test("a task group runs many steps, each once", arguments: HostKind.allCases)
    func group(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("many", on: Started.self) { event, step in
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for number in 0..<event.number {
                            group.addTask {
                                let one = try await step.run("one-\(number)") {
                                    journal.note("one")
                                    return number
                                }
                                return try await step.run("two-\(number)") {
                                    journal.note("two")
                                    return one * 2
                                }
                            }
                        }
                        return try await group.reduce(0, +)
                    }
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started(number: 12)).text == "132")
            #expect(journal.lines.count == 24)
        }
    }

    @Test("in a race the first step decides", arguments: HostKind.allCases)
    func race(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("race", on: Started.self) { _, step in
                    try await step.race {
                        try await withThrowingTaskGroup(of: String.self) { group in
                            group.addTask {
                                try await step.sleep("slow", for: .hours(1))
                                return "slow"
                            }
                            group.addTask { try await step.run("fast") { "fast" } }
                            let winner = try await group.next() ?? ""
                            group.cancelAll()
                            return winner
                        }
                    }
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started()).text == "\"fast\"")
        }
    }

    @Test("sleeps end", arguments: HostKind.allCases)
    func sleeps(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("sleepy", on: Started.self) { event, step in
                    try await step.sleep("for", for: .milliseconds(100))
                    try await step.sleep("until", until: step.context.event.date)
                    return try await step.run("awake") { "awake" }
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started()).text == "\"awake\"")
        }
    }

    @Test("functions invoke each other, by type and by name", arguments: HostKind.allCases)
    func invoke(kind: HostKind) async throws {
        try await kind.with { apus in
            let child = apus.function("child", input: [String: Int].self) { input, step in
                try await step.run("double") { 2 * (input["number"] ?? 0) }
            }
            return [
                child,
                apus.function("parent", on: Started.self) { event, step in
                    let one = try await step.invoke("typed", child, ["number": event.number])
                    let two = try await step.invoke(
                        "named", function: "child", data: ["number": one], returning: Int.self)
                    return [one, two]
                },
            ]
        } _: { host async throws in
            #expect(try await host.run(Started(number: 3)).text == "[6,12]")
        }
    }

    @Test("a step sends events, once", arguments: HostKind.allCases)
    func send(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("sender", on: Started.self) { event, step in
                    let id = try await step.send("send", Paid(key: event.key, amount: 7))
                    try await step.sleep("nap", for: .milliseconds(20))
                    return id
                },
                apus.function("receiver", on: Paid.self) { event, _ in journal.note("\(event.key) \(event.amount)") },
            ]
        } _: { host async throws in
            let run = try await host.run(Started())
            let event = try #require(run.output.view.string)
            #expect(try await host.end(of: event).status == "completed")
            #expect(journal.lines == ["k 7"])
        }
    }

    @Test("the engine makes requests for steps", arguments: HostKind.allCases)
    func gateways(kind: HostKind) async throws {
        let echo = try await LocalApp.start { router in
            router.post("/echo") { request, _ in
                let body = try await request.body.collect(upTo: 1 << 20)
                return "{\"echo\":\(String(buffer: body))}"
            }
        }
        do {
            try await kind.with { apus in
                [
                    apus.function("gateway", on: Started.self) { event, step in
                        let fetched = try await step.fetch(
                            "fetch", FetchRequest("\(event.key)/echo", method: "POST", body: "{\"a\":1}"))
                        let inferred = try await step.infer(
                            "infer",
                            InferenceRequest(
                                url: "\(event.key)/echo", key: "k", format: .openAI, body: ["model": "m"]),
                            returning: JSON.self)
                        return [fetched.body, inferred["echo"]?["model"]?.string ?? ""]
                    }
                ]
            } _: { host async throws in
                let output = try await host.run(Started(key: echo.url)).output
                #expect(output.view.elements.compactMap(\.string) == ["{\"echo\":{\"a\":1}}", "m"])
            }
            await echo.stop()
        } catch {
            await echo.stop()
            throw error
        }
    }

    @Test("results that are too large for a call are fetched", arguments: HostKind.allCases)
    func large(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("large", on: Started.self) { event, step in
                    var size = 0
                    for number in 0..<event.number {
                        size += try await step.run("part-\(number)") { String(repeating: "x", count: 900 << 10) }.utf8
                            .count
                    }
                    // Another call, by an instance that has not kept the handler.
                    try await step.sleep("nap", for: .milliseconds(20))
                    apus.dropHandlers()
                    try await step.sleep("again", for: .milliseconds(20))
                    return size
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started(number: 6)).text == "\(6 * 900 << 10)")
        }
    }
}
