import ApusCore
import Foundation
import Testing

@testable import ApusEngine

/// Apps that answer anything at all, crashes at any moment. The harness checks every decision; in the
/// end, when the apps behave again, every run must end and nothing may be left over.
@Suite("Random conversations")
struct RandomConversationTests {
    /// A conversation takes as long as about 50 iterations of other fuzzers.
    private static let seeds =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) }.map { max($0 / 50, 1) } ?? 25

    @Test("whatever apps answer, every run ends and leaves nothing behind")
    func conversations() throws {
        for seed in 0..<Self.seeds {
            var conversation = Conversation(seed: seed)
            for _ in 0..<40 { conversation.step() }
            conversation.end()
            let engine = conversation.engine
            #expect(engine.runs.allSatisfy { $0.isFinished }, "seed \(seed)")
            #expect(engine.core.residents.isEmpty && engine.core.openCalls.isEmpty, "seed \(seed)")
            engine.expectNothingLeft()
            #expect(engine.store.unacknowledged.isEmpty, "seed \(seed)")
            #expect(engine.core.gates.values.allSatisfy { $0.callsInFlight == 0 && $0.bytesInFlight == 0 })
        }
    }

    private struct Conversation {
        let engine: CoreHarness
        private var random: SplitMix64
        /// Calls of earlier processes, whose replies may still come.
        private var lost: [OutgoingCall] = []

        init(seed: UInt64) {
            var random = SplitMix64(seed: seed)
            let isTight = random.below(2) == 0
            var parent = function("app-f", on: "demo/x", retries: 2)
            var child = function("app-child", on: "inngest/function.failed", retries: 0)
            if random.below(2) == 0 {
                parent.flowControl = Self.flow(&random)
                child.flowControl = Self.flow(&random)
            }
            engine = CoreHarness(parent, child, seed: seed) {
                $0.retryInterval = .seconds(10)
                $0.wakeHorizon = .minutes(20)
                guard isTight else { return }
                $0.limits.residentBytes = 0
                $0.limits.callsPerApp = 3
                $0.limits.wakePage = 2
                $0.limits.concurrentLoads = 1
                $0.limits.emptyReplies = 2
                $0.limits.stepsPerRun = 8
                $0.limits.inlinePayloadBytes = 10
            }
            self.random = random
            engine.send("demo/x")
        }

        private static func flow(_ random: inout SplitMix64) -> FlowControl {
            var flow = FlowControl()
            if random.below(2) == 0 { flow.concurrency.append(calls(1 + Int(random.below(3)))) }
            if random.below(2) == 0 {
                flow.concurrency.append(calls(1 + Int(random.below(3)), key: "event.name", scope: .account))
            }
            if random.below(3) == 0 {
                flow.runConcurrency = FlowControl.RunConcurrency(limit: 1 + Int(random.below(3)))
            }
            if random.below(3) == 0 {
                flow.throttle = FlowControl.Throttle(limit: 2, period: .minutes(1 + random.below(9)))
            }
            switch random.below(6) {
            case 0: flow.singleton = FlowControl.Singleton(mode: random.below(2) == 0 ? .skip : .cancel)
            case 1: flow.batch = FlowControl.Batch(size: 2, timeout: .minutes(1 + random.below(9)))
            case 2: flow.debounce = FlowControl.Debounce(period: .minutes(1 + random.below(9)))
            case 3: flow.rateLimit = FlowControl.RateLimit(limit: 20, period: .hours(1))
            default: break
            }
            return flow
        }

        mutating func step() {
            switch random.below(20) {
            case 0: engine.send("demo/x", id: "\(random.below(3))")
            case 9: engine.send("demo/x")
            case 1...3: engine.advance(by: .seconds(random.below(900)))
            case 4: restart()
            case 5: engine.holdsReads = true
            case 6: engine.releaseReads()
            case 7: engine.losesOwnMail.toggle()
            case 8: if let call = pick(lost) { engine.reply(call, with: reply()) }
            default: if let call = pick(engine.calls) { engine.reply(call, with: reply()) }
            }
            for app in engine.takeProbes() { engine.feed(.probed(app: app, reachable: random.below(2) == 0)) }
        }

        /// The app is well again and time passes until nothing happens any more.
        mutating func end() {
            engine.losesOwnMail = false
            engine.releaseReads()
            for _ in 0..<2_000 {
                for app in engine.takeProbes() { engine.feed(.probed(app: app, reachable: true)) }
                if let call = engine.calls.first {
                    engine.reply(call, with: .returned(nil))
                } else if engine.runs.allSatisfy(\.isFinished), engine.store.unacknowledged.isEmpty,
                    engine.store.pendings.isEmpty
                {
                    return
                } else if let wake = engine.core.nextWake {
                    engine.advance(to: max(engine.now, wake))
                } else {
                    return
                }
            }
        }

        private mutating func restart() {
            let keepsCalls = random.below(2) == 0
            if !keepsCalls { lost += engine.calls }
            engine.restart(keepingCalls: keepsCalls)
        }

        private mutating func pick<Value>(_ values: [Value]) -> Value? {
            values.isEmpty ? nil : values[Int(random.below(UInt64(values.count)))]
        }

        private mutating func reply() -> AppReply {
            switch random.below(16) {
            case 0: return .returned(json("1"))
            case 1: return .failed(.status500)
            case 2: return .failed(.unreachable("refused"))
            case 3: return .failed(.final)
            default:
                let ops = (0..<[0, 1, 1, 1, 2, 2, 3, 4][Int(random.below(8))]).map { _ in op() }
                // A run's app keeps to one version, most of the time.
                let version = random.below(8) == 0 ? Int(random.below(3)) : 2
                return .ops(AppReply.OpList(ops: ops, version: version, isFinal: random.below(16) == 0))
            }
        }

        private mutating func op() -> Op {
            let name = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"][Int(random.below(10))]
            let isRace = random.below(4) == 0
            switch random.below(24) {
            case 0: return stepError(name)
            case 1: return stepFailed(name)
            case 2...4: return sleep(name, ["0s", "5s", "1m", "50m", "soon"][Int(random.below(5))], race: isRace)
            case 5...6: return invoke(name, "app-child", #""timeout":"\#(random.below(100))s""#)
            case 7: return invoke(name, "app-nobody")
            case 8: return EngineTests.op(.discoveryRequest, name)
            case 9: return EngineTests.op(.none)
            case 10: return random.below(8) == 0 ? runComplete("1") : stepRun(name)
            case 11...16: return planned(name, race: isRace)
            default: return stepRun(name, #""\#(name)""#, race: isRace)
            }
        }
    }
}
