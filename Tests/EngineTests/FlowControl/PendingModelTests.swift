import ApusCore
import Foundation
import Testing

@testable import ApusEngine

/// Streams of events at random; a model says which runs start when, and with which events.
@Suite("Debounces and batches against a model")
struct PendingModelTests {
    private static let seeds =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) }.map { max($0 / 20, 1) } ?? 60

    @Test("every event goes into the run that the model says, whatever happens to the shard")
    func model() throws {
        for seed in 0..<Self.seeds {
            var play = Play(seed: seed)
            for _ in 0..<60 { play.step() }
            play.end()
            #expect(play.happened == play.model.started.sorted(), "seed \(seed)")
            play.engine.expectNothingLeft()
        }
    }

    /// A run: which function's, with which events, and when it is first called.
    private struct Start: Hashable, Comparable, CustomStringConvertible {
        var function: String
        var events: [Int64]
        var at: Timestamp

        static func < (left: Start, right: Start) -> Bool {
            (left.at, left.function, left.events.first ?? 0) < (right.at, right.function, right.events.first ?? 0)
        }

        var description: String {
            "\(function) \(events) at \(Double((at - CoreHarness.start).milliseconds) / 1_000)"
        }
    }

    private struct Model {
        var debounce = FlowControl.Debounce(period: .seconds(5))
        var batch = FlowControl.Batch(size: 3, timeout: .seconds(5))
        private(set) var started: [Start] = []
        private var series: [String: Series] = [:]
        private var batches: [String: (events: [Int64], firesAt: Timestamp)] = [:]
        private var ids: Set<String> = []

        private struct Series {
            var event: Int64
            var time: Timestamp
            var openedAt: Timestamp
            var firesAt: Timestamp
        }

        mutating func receive(_ event: Int64, key: String, time: Timestamp, id: String?, now: Timestamp) {
            if let id, !ids.insert(id).inserted { return }
            collect(event, key: key, now: now)
            let quiet = now + debounce.period
            let openedAt = series[key]?.openedAt ?? now
            // A timeout that was shortened may be over already.
            let firesAt = debounce.timeout.map { max(min(quiet, openedAt + $0), now) } ?? quiet
            if let open = series[key], time < open.time { return }
            series[key] = Series(event: event, time: time, openedAt: openedAt, firesAt: firesAt)
        }

        private mutating func collect(_ event: Int64, key: String, now: Timestamp) {
            var open = batches[key] ?? ([], now + batch.timeout)
            open.events.append(event)
            batches[key] = open
            if open.events.count >= batch.size { finish(batch: key, at: now) }
        }

        private mutating func finish(batch key: String, at time: Timestamp) {
            guard let open = batches.removeValue(forKey: key) else { return }
            started.append(Start(function: "app-b", events: open.events, at: time))
        }

        mutating func pass(to now: Timestamp) {
            for (key, open) in batches where open.firesAt <= now { finish(batch: key, at: open.firesAt) }
            for (key, open) in series where open.firesAt <= now {
                series[key] = nil
                started.append(Start(function: "app-d", events: [open.event], at: max(open.firesAt, open.time)))
            }
        }
    }

    private struct Play {
        let engine: CoreHarness
        private(set) var model = Model()
        private var random: SplitMix64
        private var events: Int64 = 0

        init(seed: UInt64) {
            var random = SplitMix64(seed: seed)
            engine = CoreHarness(random.below(2) == 0 ? .none : .eviction, [], seed: seed)
            self.random = random
            configure()
        }

        /// What happened, in the model's words.
        var happened: [Start] {
            engine.runs.compactMap { run in
                let events = run.start.events.compactMap { engine.data(of: $0, "n") }
                return run.startedAt.map { Start(function: run.start.functionSlug, events: events, at: $0) }
            }.sorted()
        }

        mutating func step() {
            switch random.below(16) {
            case 0: engine.restart()
            case 1: engine.restart(keepingCalls: true)
            case 2: engine.feed(.tick)
            case 3: configure()
            case 4...9: send()
            default: pass(.milliseconds(random.below(4_000)))
            }
        }

        mutating func end() {
            pass(.minutes(1))
            engine.serve()
        }

        private mutating func pass(_ span: TimeSpan) {
            engine.serve(for: span)
            model.pass(to: engine.now)
        }

        private mutating func send() {
            events += 1
            let key = "\(random.below(3))"
            // In whole seconds, so that some are equal.
            let offset = engine.now.milliseconds % 1_000
            let time = engine.now + .milliseconds(1_000 * Int64(random.below(6)) - 4_000 - offset)
            let id = random.below(4) == 0 ? "\(random.below(20))" : nil
            engine.send("demo/x", #"{"n":\#(events),"k":"\#(key)"}"#, id: id, at: time)
            model.receive(events, key: key, time: time, id: id, now: engine.now)
            // A shortened timeout may be over.
            engine.advance(by: .zero)
            model.pass(to: engine.now)
        }

        private mutating func configure() {
            model.debounce = FlowControl.Debounce(
                period: .seconds(1 + random.below(8)), key: "event.data.k",
                timeout: random.below(2) == 0 ? nil : .seconds(1 + random.below(15))
            )
            model.batch = FlowControl.Batch(
                size: 2 + Int(random.below(4)), timeout: .seconds(1 + random.below(10)), key: "event.data.k"
            )
            engine.register([
                limited("app-d", on: "demo/x", FlowControl(debounce: model.debounce)),
                limited("app-b", on: "demo/x", FlowControl(batch: model.batch)),
            ])
        }
    }
}
