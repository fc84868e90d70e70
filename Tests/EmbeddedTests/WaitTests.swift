import Apus
import ApusCore
import Testing

@Suite("Waits and what starts functions are the same on every host", .serialized)
struct WaitTests {
    @Test("a wait ends with the event that matches", arguments: HostKind.allCases)
    func events(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("ordered", on: Started.self) { event, step in
                    async let same = step.waitForEvent("same", Paid.self, matching: \.key, within: .minutes(5))
                    async let value = step.waitForEvent(
                        "value", Paid.self, where: \.key, is: event.key, within: .minutes(5))
                    return try await [same?.amount, value?.amount]
                }
            ]
        } _: { host async throws in
            let event = try await host.client.send(Started(key: "o1"))
            _ = try await host.listening(event, count: 2)
            try await host.client.send(Paid(key: "o2", amount: 1))
            try await host.client.send(Paid(key: "o1", amount: 7))
            #expect(try await host.end(of: event).text == "[7,7]")
        }
    }

    @Test("a wait whose time is up gives nothing", arguments: HostKind.allCases)
    func timeout(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("waiting", on: Started.self) { _, step in
                    try await step.waitForEvent("paid", Paid.self, within: .milliseconds(100)) == nil
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started()).text == "true")
        }
    }

    @Test("a signal reaches the run that waits, from a step and from outside", arguments: HostKind.allCases)
    func signals(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("approval", on: Started.self) { event, step in
                    try await step.waitForSignal("wait", event.key, String.self, within: .minutes(5))
                },
                apus.function("approve", on: Paid.self) { event, step in
                    try await step.sendSignal("tell", to: event.key, "by step")
                },
            ]
        } _: { host async throws in
            var event = try await host.client.send(Started(key: "s1"))
            _ = try await host.listening(event)
            #expect(try await host.signal("s1", "from outside"))
            #expect(try await host.end(of: event).text == "\"from outside\"")
            #expect(try await !host.signal("s1", "too late"))

            event = try await host.client.send(Started(key: "s2"))
            _ = try await host.listening(event)
            #expect(try await host.run(Paid(key: "s2", amount: 0)).text == "true")
            #expect(try await host.end(of: event).text == "\"by step\"")
            #expect(try await host.run(Paid(key: "s2", amount: 0)).text == "false")
        }
    }

    @Test("a batch has all its events", arguments: HostKind.allCases)
    func batches(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("batched", batching: Started.self, upTo: 3, within: .seconds(60)) { events, step in
                    try await step.run("sum") { events.map(\.number).reduce(0, +) }
                }
            ]
        } _: { host async throws in
            let ids = try await host.client.send((1...3).map { OutgoingEvent(Started(number: $0)) })
            #expect(ids.count == 3)
            #expect(try await host.end(of: try #require(ids.first)).text == "6")
        }
    }

    @Test("a debounce runs once, with the last event", arguments: HostKind.allCases)
    func debounce(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("calm", on: Started.self, .debounce(.seconds(1))) { event, _ in
                    journal.note("\(event.number)")
                }
            ]
        } _: { host async throws in
            var last = ""
            for number in 1...3 { last = try await host.client.send(Started(number: number)) }
            #expect(try await host.end(of: last).status == "completed")
            #expect(journal.lines == ["3"])
        }
    }

    @Test("a schedule starts its function", arguments: HostKind.allCases)
    func cron(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("nightly", cron: "TZ=Europe/Berlin 0 3 1 1 *") { step in
                    try await step.run("report") { journal.note("report") }
                }
            ]
        } _: { host async throws in
            #expect(try await host.end(of: try await host.runSchedule()).status == "completed")
            #expect(journal.lines == ["report"])
        }
    }

    @Test("an event with an id starts a function once", arguments: HostKind.allCases)
    func idempotency(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [apus.function("once", on: Started.self) { event, _ in journal.note(event.key) }]
        } _: { host async throws in
            #expect(try await host.run(Started(key: "first"), id: "same").status == "completed")
            try await host.client.send(Started(key: "second"), id: "same")
            #expect(try await host.run(Started(key: "other")).status == "completed")
            #expect(journal.lines == ["first", "other"])
        }
    }

    @Test("a run can be cancelled, by whoever asks and by an event", arguments: HostKind.allCases)
    func cancel(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("long", on: Started.self, .cancel(on: Stopped.self, matching: \.key)) { _, step in
                    try await step.sleep("long", for: .hours(1))
                    journal.note("awake")
                }
            ]
        } _: { host async throws in
            let first = try await host.client.send(Started(key: "a"))
            let second = try await host.client.send(Started(key: "b"))
            let run = try await host.listening(first)
            _ = try await host.listening(second)
            try await host.cancel(run.id)
            #expect(try await host.end(of: first).status == "cancelled")
            try await host.client.send(Stopped(key: "other"))
            try await host.client.send(Stopped(key: "b"))
            #expect(try await host.end(of: second).status == "cancelled")
            #expect(journal.lines.isEmpty)
        }
    }
}
