import Apus
import ApusEmbedded
import Foundation
import Logging

/// How long a run of three steps takes on an engine inside this process, and how many there can be in a second.
struct Embedded: Scenario {
    let name = "embedded"
    let summary = "runs of three steps on an engine inside this process"

    private struct Begun: Event {
        static let name = "bench/embedded"
        var number: Int
    }

    private static let atOnce = 500

    func measure(_ setup: Setup) async throws -> [Figure] {
        try await setup.withDirectory { directory in
            var settings = ClientSettings(environment: [:])
            settings.logger.logLevel = .error
            let client = Client(appID: "bench", settings: settings)
            let function = client.function("three", on: Begun.self) { event, step in
                let one = try await step.run("one") { event.number }
                let two = try await step.run("two") { one + 1 }
                return try await step.run("three") { two + 1 }
            }
            let engine = try await Engine.open(at: directory.path, functions: [function])
            do {
                var figures = try await durations(engine, function, setup)
                figures += try await rate(engine, setup)
                await engine.shutdown()
                return figures
            } catch {
                await engine.shutdown()
                throw error
            }
        }
    }

    /// One run at a time.
    private func durations(
        _ engine: Engine, _ function: Function<Begun, Int>, _ setup: Setup
    ) async throws -> [Figure] {
        let count = max(Int(1_000 * min(setup.seconds / 10, 1)), 20)
        var whole: [Percentiles] = []
        var after: [Percentiles] = []
        var invoked: [Percentiles] = []
        for round in 0...Setup.repetitions {
            var fromSend: [Double] = []
            var fromSent: [Double] = []
            var fromInvocation: [Double] = []
            for number in 0..<count {
                let watch = Stopwatch()
                guard try await engine.invoke(function, Begun(number: number)) == number + 2 else {
                    throw BenchmarkError("a run has another result than its steps give")
                }
                fromInvocation.append(watch.nanoseconds / 1e6)
            }
            for number in 0..<count {
                let watch = Stopwatch()
                let event = try await engine.send(Begun(number: number))
                let sent = watch.nanoseconds
                try await end(of: event, on: engine, number)
                fromSend.append(watch.nanoseconds / 1e6)
                fromSent.append((watch.nanoseconds - sent) / 1e6)
            }
            // The first round warms up.
            if round == 0 { continue }
            whole.append(Percentiles(fromSend))
            after.append(Percentiles(fromSent))
            invoked.append(Percentiles(fromInvocation))
        }
        return [
            Figure("embedded run of 3 steps, invoked to result, p50", invoked.map { $0.at(0.5) }, "ms"),
            Figure("embedded run of 3 steps, invoked to result, p99", invoked.map { $0.at(0.99) }, "ms"),
            Figure("embedded run of 3 steps, sent to ended, p50", after.map { $0.at(0.5) }, "ms", target: .below(1)),
            Figure("embedded run of 3 steps, sent to ended, p99", after.map { $0.at(0.99) }, "ms"),
            Figure("embedded run of 3 steps with its event, p50", whole.map { $0.at(0.5) }, "ms"),
            Figure("embedded run of 3 steps with its event, p99", whole.map { $0.at(0.99) }, "ms"),
        ]
    }

    /// Many at once.
    private func rate(_ engine: Engine, _ setup: Setup) async throws -> [Figure] {
        var rates: [Double] = []
        for _ in 0..<Setup.repetitions {
            let watch = Stopwatch()
            var runs = 0
            while watch.seconds < setup.seconds {
                let events = try await engine.send((0..<Self.atOnce).map { OutgoingEvent(Begun(number: $0)) })
                for (number, event) in events.enumerated() { try await end(of: event, on: engine, number) }
                runs += events.count
            }
            rates.append(Double(runs) / watch.seconds)
        }
        return [Figure("embedded runs of 3 steps, \(Self.atOnce) at once", rates, "runs/s")]
    }

    private func end(of event: String, on engine: Engine, _ number: Int) async throws {
        guard let run = try await engine.runs(of: event).first else { throw BenchmarkError("an event started nothing") }
        guard try await engine.result(of: run.id, as: Int.self) == number + 2 else {
            throw BenchmarkError("a run has another result than its steps give")
        }
    }
}
