import ApusCEL
import ApusCore
import Foundation
import Testing

@testable import ApusEngine

/// Functions, runs and limits at random; the queue must do what the model says, and lose no time.
@Suite("The queue against a model")
struct RunQueueModelTests {
    private static let seeds =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) }.map { max($0 / 10, 1) }
        ?? 120

    @Test("limits hold, room is used at once, order and turns are kept")
    func model() throws {
        for seed in 0..<Self.seeds {
            var play = Play(seed: seed)
            for _ in 0..<120 {
                play.step()
                guard play.mistakes.isEmpty else { break }
            }
            try #require(play.mistakes.isEmpty, "seed \(seed)")
        }
    }

    private struct Play {
        private var queue = RunQueue()
        private var model = QueueModel()
        private var random: SplitMix64
        private var now = CoreHarness.start
        private var nextRun: RowID = 1
        private var closed: Set<UUID16> = []
        private var stored: [LimitKey: Int64] = [:]
        private var names: [QueueModel.Key: LimitKey] = [:]
        /// How often one lane had a turn while another one had room.
        private var passes: [QueueModel.LaneName: [QueueModel.LaneName: Int]] = [:]
        private(set) var mistakes: [String] = []

        private static let functions = ["f", "g", "h", "i"]
        private static let apps = [QueueBench.app, QueueBench.otherApp]

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            for name in Self.functions { change(name) }
        }

        private mutating func check(_ holds: Bool, _ rule: @autoclosure () -> String) {
            guard !holds else { return }
            mistakes.append(rule())
            Issue.record("\(rule())")
        }

        private mutating func below(_ count: Int) -> Int { Int(random.below(UInt64(count))) }

        private mutating func pick<Value>(_ values: [Value]) -> Value? {
            values.isEmpty ? nil : values[below(values.count)]
        }

        // MARK: Steps

        mutating func step() {
            switch below(32) {
            case 0...9: schedule()
            case 10...18: endCall()
            case 19...21: wake()
            case 22: leave()
            case 23...26: pass()
            case 27: change(Self.functions[below(4)])
            case 28: pause()
            case 29: toggleGate()
            case 30: crash()
            default: break
            }
            forgetPasses()
            if below(4) > 0 { serve() }
            compare()
        }

        private mutating func schedule() {
            let name = Self.functions[below(4)]
            guard let function = model.functions[name] else { return }
            var data: [String: String] = [:]
            for (key, count) in [("a", 3), ("b", 2)] where below(8) > 0 { data[key] = "\(below(count))" }
            let members = data.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
            let event = json(#"{"data":{\#(members.joined(separator: ","))},"id":"1","name":"e","ts":0}"#)
            let flow = queue.rules(of: function.id)?.flow(of: Scope(event: EventValues(stored: event)), now: now)
            let priority = flow == nil ? TimeSpan.zero : .seconds(below(5) - 2)
            let run = model.schedule(name, data: data, priority: priority, at: now)
            let row = nextRun
            nextRun += 1
            flows[row] = flow.map { RunFlow(priority: priority, keys: $0.keys) }
            learn(run, flows[row])
            wait(row, run, .starts)
        }

        private var flows: [RowID: RunFlow] = [:]

        /// A key of the model and one of the queue always mean the same.
        private mutating func learn(_ run: QueueModel.Run, _ flow: RunFlow?) {
            let keys = flow?.keys ?? RunFlow.Keys()
            check(run.calls.count == keys.calls.count, "a key for each limit")
            let named =
                Array(zip(run.calls, keys.calls))
                + [(run.runs, keys.runs), (run.throttle, keys.throttle)]
                .compactMap { model, key in model.flatMap { model in key.map { (model, $0) } } }
            for (model, key) in named {
                check(names[model, default: key.key] == key.key, "\(model) has two keys")
                names[model] = key.key
            }
            check(Set(names.values).count == names.count, "a key means two things")
        }

        private mutating func wait(_ row: RowID, _ run: QueueModel.Run, _ kind: Lane.Kind) {
            guard let function = model.functions[run.function] else { return }
            model.waiting[row] = QueueModel.Waiting(run: run, kind: kind, since: now)
            let isKnown = queue.add(
                row, of: function.id, kind, flow: flows[row], createdAt: run.createdAt, since: now
            )
            check(isKnown, "the function is known")
        }

        private mutating func endCall() {
            guard let row = pick(model.open.filter { !$0.value.isOrphan }.keys.sorted()),
                let call = model.open.removeValue(forKey: row)
            else { return }
            queue.release(call.slots, now: now)
            if let app = model.functions[call.run.function]?.app { queue.stir(app) }
            switch below(3) {
            case 0: end(row)
            case 1: model.idle[row] = call.run
            default: wait(row, call.run, .started)
            }
        }

        private mutating func end(_ row: RowID) {
            guard model.living.removeValue(forKey: row) != nil, let key = flows[row]?.keys.runs else { return }
            queue.release([key.key], now: now)
        }

        private mutating func wake() {
            guard let row = pick(model.idle.keys.sorted()), let run = model.idle.removeValue(forKey: row) else {
                return
            }
            wait(row, run, .started)
        }

        /// A run that waits is cancelled.
        private mutating func leave() {
            guard let row = pick(model.waiting.keys.sorted()), model.waiting.removeValue(forKey: row) != nil else {
                return
            }
            queue.remove(row, now: now)
            if let orphan = model.open.removeValue(forKey: row) {
                queue.release(orphan.slots, now: now)
            }
            end(row)
        }

        private mutating func pass() {
            if below(2) == 0, let opening = queue.nextOpening {
                now = max(now, opening)
            } else {
                now += .milliseconds(below(4_000))
            }
            queue.passTime(now: now)
        }

        /// Registers a function with other limits.
        private mutating func change(_ name: String) {
            let id = UUID16.v5(namespace: .oid, name: name)
            var function =
                model.functions[name]
                ?? QueueModel.Function(id: id, app: Self.apps[name == "f" || name == "g" ? 0 : 1], flow: .none)
            function.flow = flow()
            model.functions[name] = function
            tell(function)
        }

        private mutating func flow() -> FlowControl {
            var flow = FlowControl()
            if below(2) == 0 { flow.concurrency.append(calls(below(8) == 0 ? 0 : 1 + below(4))) }
            if below(2) == 0 {
                let scope: FlowControl.Concurrency.Scope = below(2) == 0 ? .environment : .function
                flow.concurrency.append(calls(1 + below(2), key: "event.data.a", scope: scope))
            }
            if below(3) == 0 { flow.concurrency.append(calls(1 + below(2), key: "event.data.b", scope: .account)) }
            if below(3) == 0 {
                let key: String? = below(2) == 0 ? nil : "event.data.b"
                flow.runConcurrency = FlowControl.RunConcurrency(limit: 1 + below(3), key: key)
            }
            if below(3) == 0 {
                flow.throttle = FlowControl.Throttle(
                    limit: below(8) == 0 ? 0 : 1 + below(3), period: .seconds(1 + below(3)), burst: below(3),
                    key: [nil, "event.data.a", "event.data.b"][below(3)]
                )
            }
            return flow
        }

        private mutating func pause() {
            let name = Self.functions[below(4)]
            model.functions[name]?.isPaused.toggle()
            if let function = model.functions[name] { tell(function) }
        }

        private func tell(_ function: QueueModel.Function) {
            var configuration = EngineTests.function("x")
            configuration.flowControl = function.flow
            queue.update(
                FunctionRecord(
                    id: function.id, app: function.app, version: 1, isArchived: false,
                    pausedAt: function.isPaused ? now : nil, configuration: configuration
                ),
                now: now
            )
        }

        /// The app can be called no more, or again.
        private mutating func toggleGate() {
            let app = Self.apps[below(2)]
            if closed.remove(app) != nil { queue.stir(app) } else { closed.insert(app) }
        }

        /// The queue is made again of what a store has.
        private mutating func crash() {
            queue = RunQueue()
            passes = [:]
            for name in Self.functions { if let function = model.functions[name] { tell(function) } }
            for (key, time) in stored where time > now.nanoseconds {
                queue.arrivals.restore(Arrival(key: key, time: time))
            }
            for call in model.open.values { queue.hold(call.slots) }
            for row in model.living.keys { if let key = flows[row]?.keys.runs { queue.hold([key.key]) } }
            for row in model.waiting.keys.sorted() {
                guard let waiting = model.waiting[row], waiting.kind != .repeats else { continue }
                wait(row, waiting.run, waiting.kind)
            }
            for row in model.open.keys.sorted() {
                guard let call = model.open[row], call.isOrphan || below(4) > 0 else { continue }
                model.open[row]?.isOrphan = true
                wait(row, call.run, .repeats)
            }
        }

        // MARK: Turns

        private mutating func serve() {
            while mistakes.isEmpty {
                let apps = queue.takeStirred()
                if apps.isEmpty { break }
                for app in apps {
                    while !closed.contains(app), let admission = queue.next(of: app, now: now) {
                        admit(admission, of: app)
                        // The app has as many calls as it may have; it is asked again when one has ended.
                        if below(30) == 0 { closed.insert(app) }
                    }
                }
            }
            for (row, waiting) in model.waiting {
                guard let function = model.functions[waiting.run.function], !function.isPaused,
                    !closed.contains(function.app)
                else { continue }
                check(!model.hasRoom(waiting, now: now), "run \(row) waits although it has room: \(waiting)")
            }
        }

        private mutating func admit(_ admission: RunQueue.Admission, of app: UUID16) {
            let row = admission.run
            guard let waiting = model.waiting[row], let function = model.functions[waiting.run.function] else {
                return check(false, "run \(row) does not wait")
            }
            check(function.app == app && !function.isPaused, "run \(row) of a paused or another function")
            check(admission.lacksKeys == model.lacksKeys(waiting), "run \(row) has its keys")
            if admission.lacksKeys { return findKeys(row, function) }
            check(model.hasRoom(waiting, now: now), "run \(row) has no room: \(waiting)")
            check(admission.isRepeat == (waiting.kind == .repeats), "a repeat is one")
            check(
                (admission.waited?.since ?? now) == waiting.since, "run \(row) knows since when it has waited")
            for (other, candidate) in model.waiting where other != row && candidate.run.function == waiting.run.function
            {
                if candidate.lane == waiting.lane {
                    let mine = (waiting.run.createdAt - waiting.run.priority, row)
                    let theirs = (candidate.run.createdAt - candidate.run.priority, other)
                    check(mine < theirs, "run \(other) was before \(row)")
                } else if candidate.kind < waiting.kind {
                    check(!model.hasRoom(candidate, now: now), "run \(other) has started and \(row) has not")
                }
            }
            count(waiting.lane)
            model.admit(row, slots: admission.slots, now: now)
            if let arrival = admission.arrival { stored[arrival.key] = arrival.time }
            forgetPasses()
        }

        private mutating func findKeys(_ row: RowID, _ function: QueueModel.Function) {
            check(admissionTookNothing, "nothing is taken for a run whose keys are not known")
            model.findKeys(of: row)
            guard let run = model.waiting[row]?.run, let rules = queue.rules(of: function.id) else { return }
            let members = run.data.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
            let event = json(#"{"data":{\#(members.joined(separator: ","))},"id":"1","name":"e","ts":0}"#)
            var flow = flows[row] ?? .plain
            let scope = Scope(event: EventValues(stored: event))
            flow.keys.throttle = rules.throttleKey(of: scope, now: now)
            flow.keys.runs = rules.runKey(of: scope, now: now)
            flows[row] = flow
            learn(run, flow)
            wait(row, run, .starts)
        }

        private var admissionTookNothing: Bool { queue.held == expectedCounts }

        // MARK: Fairness

        /// Lanes with room that are passed over; those without begin anew.
        private mutating func forgetPasses() {
            let ready = Set(
                model.waiting.values.filter { waiting in
                    model.functions[waiting.run.function]?.isPaused == false && model.hasRoom(waiting, now: now)
                }.map(\.lane)
            )
            passes = passes.filter { ready.contains($0.key) }
        }

        private mutating func count(_ lane: QueueModel.LaneName) {
            let others = Set(
                model.waiting.values.filter { model.hasRoom($0, now: now) && !model.lacksKeys($0) }.map(\.lane))
            for other in others where other != lane && other.function == lane.function && other.kind == lane.kind {
                passes[other, default: [:]][lane, default: 0] += 1
                check(passes[other]?[lane] == 1, "\(lane) had two turns while \(other) had room")
            }
            passes[lane] = nil
        }

        // MARK: Counts

        private var expectedCounts: [LimitKey: Int] {
            Dictionary(
                model.held.map { (names[$0.key] ?? LimitKey(high: 0, low: 0), $0.value) }, uniquingKeysWith: +
            )
        }

        private mutating func compare() {
            check(queue.held == expectedCounts, "what is counted is what is under way")
            check(queue.count == model.waiting.count, "as many wait as should")
        }
    }
}
