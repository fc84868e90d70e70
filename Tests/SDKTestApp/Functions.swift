import Apus

/// All functions of the app.
struct Functions {
    let apus: Client
    let journal: Journal
    let variant: String

    var all: [any Servable] { steps + errors + waits + others }

    /// Runs a step whose body is noted in the journal.
    private func noted<Output: Codable & Sendable>(
        _ step: Step, _ name: String, _ body: @Sendable () async throws -> Output
    ) async throws -> Output {
        let context = step.context
        return try await step.run(name) {
            journal.note("\(context.runID) \(name) \(step.context.attempt)")
            return try await body()
        }
    }

    private var steps: [any Servable] {
        [
            apus.function("sequence", on: Sequence.self) { event, step in
                let a = try await noted(step, "a") { event.key + "a" }
                let b = try await noted(step, "b") { a + "b" }
                return try await noted(step, "c") { b + "c" }
            },
            apus.function("parallel", on: Parallel.self) { event, step in
                let first = try await noted(step, "first") { event.key }
                async let mail = noted(step, "mail") { first + "-mail" }
                async let crm = noted(step, "crm") { first + "-crm" }
                async let nap: Void = step.sleep("nap", for: .milliseconds(300))
                try await nap
                let both = try await [mail, crm]
                return try await noted(step, "last") { both.joined(separator: " ") }
            },
            apus.function("many", on: Many.self) { event, step in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<event.count {
                        group.addTask {
                            let one = try await noted(step, "one-\(number)") { number }
                            return try await noted(step, "two-\(number)") { one * 2 }
                        }
                    }
                    return try await group.reduce(0, +)
                }
            },
            apus.function("race", on: Race.self) { _, step in
                try await step.race {
                    try await withThrowingTaskGroup(of: String.self) { group in
                        group.addTask {
                            try await step.sleep("slow", for: .hours(1))
                            return "slow"
                        }
                        group.addTask { try await noted(step, "fast") { "fast" } }
                        let winner = try await group.next() ?? ""
                        group.cancelAll()
                        return winner
                    }
                }
            },
            apus.function("slow", on: Slow.self) { event, step in
                let one = try await noted(step, "one") { 1 }
                let two = try await noted(step, "two") {
                    try await Task.sleep(for: .milliseconds(event.milliseconds))
                    return one + 1
                }
                return try await noted(step, "three") { two + 1 }
            },
            apus.function("large", on: Large.self) { event, step in
                var size = 0
                for number in 0..<event.steps {
                    size += try await step.run("part-\(number)") {
                        String(repeating: "x", count: event.kilobytes << 10)
                    }.utf8.count
                }
                return size
            },
            changing,
        ]
    }

    private var changing: any Servable {
        apus.function("changing", on: Changing.self) { _, step in
            let before = try await noted(step, variant == "" ? "old" : "new") { 1 }
            try await step.sleep("nap", for: .seconds(2))
            return try await noted(step, "after") { before + 1 }
        }
    }

    struct Declined: Error, Codable {
        var code: Int
    }

    private var errors: [any Servable] {
        [
            apus.function("flaky", on: Flaky.self, .retries(3)) { event, step in
                try await noted(step, "flaky") {
                    guard step.context.attempt >= event.failures else { throw Declined(code: step.context.attempt) }
                    return step.context.attempt
                }
            },
            apus.function(
                "failing", on: Failing.self,
                .onFailure { failure, step in
                    _ = try await noted(step, "told-\(failure.input.key)-\(failure.message)") { 1 }
                }
            ) { event, step in
                try await noted(step, "fails") { () -> Int in throw NonRetriableError("no \(event.key)") }
            },
            apus.function("caught", on: Caught.self, .retries(0)) { event, step in
                do {
                    return try await noted(step, "declined") { () -> Int in throw Declined(code: event.code) }
                } catch let error as StepError {
                    let code = error.decode(Declined.self)?.code ?? -1
                    return try await noted(step, "instead") { code + 1 }
                }
            },
            apus.function("saga", on: Saga.self, .retries(0)) { event, step in
                let payment = try await noted(step, "charge") { "payment" }
                step.compensate("refund") { journal.note("\(step.context.runID) refund \(payment)") }
                _ = try await noted(step, "reserve") { 1 }
                step.compensate("release") { journal.note("\(step.context.runID) release") }
                if event.fails { throw Declined(code: 1) }
                return payment
            },
        ]
    }

    private var waits: [any Servable] {
        [
            apus.function("sleepy", on: Sleepy.self) { event, step in
                try await step.sleep("for", for: .milliseconds(event.milliseconds))
                try await step.sleep("until", until: step.context.event.date)
                return try await noted(step, "awake") { "awake" }
            },
            apus.function("ordered", on: Ordered.self) { event, step in
                async let same = step.waitForEvent(
                    "same", Paid.self, matching: \.orderID, within: .seconds(event.seconds))
                async let value = step.waitForEvent(
                    "value", Paid.self, where: \.orderID, is: event.orderID, within: .seconds(event.seconds))
                return try await [same?.amount, value?.amount]
            },
            apus.function("approval", on: Approval.self) { event, step in
                try await step.waitForSignal("wait", event.signal, [String: String].self, within: .seconds(30))?["by"]
            },
            apus.function("approve", on: Approve.self) { event, step in
                try await step.sendSignal("tell", to: event.signal, ["by": event.by])
            },
        ]
    }

    private var others: [any Servable] {
        let child = apus.function("child", input: [String: Int].self) { input, step in
            try await noted(step, "double") { ["doubled": 2 * (input["number"] ?? 0)] }
        }
        return [
            child,
            apus.function("parent", on: Parent.self) { event, step in
                let doubled = try await step.invoke("typed", child, ["number": event.number])
                let again = try await step.invoke(
                    "by-name", function: "child", data: doubled.mapValues { $0 * 10 }.merging(["number": 5]) { $1 },
                    returning: [String: Int].self, within: .seconds(30))
                return [doubled["doubled"] ?? 0, again["doubled"] ?? 0]
            },
            apus.function("sender", on: Sender.self) { event, step in
                try await step.send("send", [OutgoingEvent(Sequence(key: event.key), id: "from-\(event.key)")])
            },
            apus.function("gateway", on: Gateway.self) { event, step in
                let fetched = try await step.fetch(
                    "fetch", FetchRequest(event.url, method: "POST", headers: ["X-Test": "1"], body: "{\"a\":1}"))
                let inferred = try await step.infer(
                    "infer", InferenceRequest(url: event.url, key: "k", format: .openAI, body: ["model": "m"]),
                    returning: JSON.self)
                return [fetched.body, inferred["echo"]?["model"]?.string ?? ""]
            },
            apus.function("batched", batching: Batched.self, upTo: 3, within: .seconds(10)) { events, step in
                try await noted(step, "sum") { events.map(\.number).reduce(0, +) }
            },
        ]
    }
}
