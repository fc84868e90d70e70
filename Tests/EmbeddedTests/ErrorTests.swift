import Apus
import ApusCore
import Testing

@Suite("Errors mean the same on every host", .serialized)
struct ErrorTests {
    @Test("a step that throws is tried again, until it has no attempts left", arguments: HostKind.allCases)
    func retries(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("flaky", on: Started.self, .retries(2)) { event, step in
                    try await step.run("flaky") {
                        journal.note("\(event.key) \(step.context.attempt)")
                        guard step.context.attempt >= event.number else { throw Declined(code: 1) }
                        return step.context.attempt
                    }
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started(key: "a", number: 1)).text == "1")
            #expect(try await host.run(Started(key: "b", number: 9)).status == "failed")
            #expect(journal.lines == ["a 0", "a 1", "b 0", "b 1", "b 2"])
        }
    }

    @Test("what cannot be retried fails the run, and its failure handler is told", arguments: HostKind.allCases)
    func failureHandler(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function(
                    "failing", on: Started.self,
                    .onFailure { failure, step in
                        try await step.run("tell") { journal.note("\(failure.input.key): \(failure.message)") }
                    }
                ) { event, step in
                    try await step.run("fails") { () -> Int in throw NonRetriableError("no \(event.key)") }
                }
            ]
        } _: { host async throws in
            let run = try await host.run(Started())
            #expect(run.status == "failed")
            #expect(run.output.view["message"]?.string == "no k")
            try await eventually("the failure handler has run") { journal.lines.isEmpty ? nil : true }
            #expect(journal.lines == ["k: no k"])
        }
    }

    @Test("an error outside of steps is tried again as well", arguments: HostKind.allCases)
    func outside(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("outside", on: Started.self, .retries(1)) { event, step in
                    let one = try await step.run("one") {
                        journal.note("one")
                        return 1
                    }
                    guard step.context.attempt > 0 else { throw Declined(code: 2) }
                    return one
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started()).text == "1")
            #expect(journal.lines == ["one"])
        }
    }

    @Test("a caught error has the type that was thrown", arguments: HostKind.allCases)
    func caught(kind: HostKind) async throws {
        try await kind.with { apus in
            [
                apus.function("caught", on: Started.self, .retries(0)) { event, step in
                    do {
                        return try await step.run("declined") { () -> Int in throw Declined(code: event.number) }
                    } catch let error as StepError {
                        let code = error.decode(Declined.self)?.code ?? -1
                        return try await step.run("instead") { code + 1 }
                    }
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started(number: 41)).text == "42")
        }
    }

    @Test("a run that fails undoes what it did, the last first", arguments: HostKind.allCases)
    func compensation(kind: HostKind) async throws {
        let journal = Journal()
        try await kind.with { apus in
            [
                apus.function("saga", on: Started.self, .retries(0)) { event, step in
                    let payment = try await step.run("charge") {
                        journal.note("charge")
                        return "payment"
                    }
                    step.compensate("refund") { journal.note("refund \(payment)") }
                    try await step.run("reserve") { journal.note("reserve") }
                    step.compensate("release") { journal.note("release") }
                    throw Declined(code: 1)
                }
            ]
        } _: { host async throws in
            #expect(try await host.run(Started()).status == "failed")
            #expect(journal.lines == ["charge", "reserve", "release", "refund payment"])
        }
    }
}
