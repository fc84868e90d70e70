import ApusCore
import ApusCron
import Testing

@testable import ApusEngine

/// A shard that may crash after every decision: what it has not committed by then is gone.
@Suite("Event schedules through crashes")
struct EventScheduleCrashTests {
    @Test("a shard that crashes sends what one sends that does not", arguments: 0..<12)
    func crashes(seed: UInt64) {
        let calm = Host(seed: seed, crashes: false)
        calm.live()
        let shaken = Host(seed: seed, crashes: true)
        shaken.live()
        #expect(calm.sent.count > 20)
        #expect(shaken.sent == calm.sent)
        #expect(shaken.restarts > 20)
        #expect(Set(calm.sent).count == calm.sent.count, "each tick is sent once")
        #expect(shaken.store.eventSchedules.mapValues(\.schedule) == calm.store.eventSchedules.mapValues(\.schedule))
    }

    @Test("changes between decisions lose no tick of others, and repeat none", arguments: 0..<12)
    func interleaved(seed: UInt64) throws {
        let host = Host(seed: seed, crashes: true, interleaves: true)
        host.live()
        #expect(Set(host.sent).count == host.sent.count, "each tick is sent once")
        let cron = try CronSchedule("*/2 * * * *")
        let expected = cron.times(in: (Host.start.milliseconds + 1)..<(host.now.milliseconds + 1), limit: 10_000)
        let sent = host.sent.filter { $0.hasPrefix("untouched@") }
        #expect(sent == expected.map { "untouched@\(Timestamp(milliseconds: $0).rfc3339Seconds)" })
    }

    private final class Host {
        static let start = CoreHarness.start
        private static let names = (0..<12).map { "s\($0)" }
        private static let crons = ["* * * * *", "*/3 * * * *", "TZ=Europe/Berlin 0 * * * *", "*/7 * * * *"]

        var store = StoredShard(shard: 0)
        private(set) var now = Host.start
        private(set) var restarts = 0
        private var core: ShardCore
        private var inbox: [Input] = []
        private var batch: UInt64 = 0
        private var script: SplitMix64
        private var faults: SplitMix64
        private let crashes: Bool
        private let interleaves: Bool

        init(seed: UInt64, crashes: Bool, interleaves: Bool = false) {
            self.crashes = crashes
            self.interleaves = interleaves
            script = SplitMix64(seed: seed)
            faults = SplitMix64(seed: seed &+ 1_000)
            core = ShardCore(
                shard: 0, shardCount: 1, state: store.state(at: now), configuration: EngineConfiguration(), seed: seed
            )
        }

        /// The ids of the events that were sent by ticks, in their order.
        var sent: [String] {
            store.events.compactMap { $0.body.view["id"]?.string }
        }

        func live() {
            if interleaves { perform(put("untouched", .cron("*/2 * * * *"), .all)) }
            for _ in 0..<50 {
                perform(order())
                if !interleaves || script.next() % 2 == 0 { settle() }
                // Never on the moment of a tick, so that it does not matter which of the two comes first.
                switch script.next() % 10 {
                // The server was down, or the clock has jumped.
                case 0: now += .milliseconds(interleaves ? 4_000_001 : 40_000_001)
                case 1: pass(.milliseconds(1))
                default: pass(.milliseconds(Int64(script.next() % 90_000) + 1))
                }
            }
            settle()
        }

        private func pass(_ span: TimeSpan) {
            let end = now + span
            while let wake = core.nextWake, wake <= end {
                now = max(now, wake)
                feed(.tick)
            }
            now = end
        }

        private func settle() {
            feed(.tick)
            while let wake = core.nextWake, wake <= now { feed(.tick) }
        }

        private func order() -> EventScheduleOrder {
            let name = Self.names[Int(script.next() % UInt64(Self.names.count))]
            let key = EventScheduleKey(name: name)
            switch script.next() % 10 {
            case 0: return .remove(key)
            case 1: return .change(key, ScheduleChange(isPaused: true))
            case 2: return .change(key, ScheduleChange(isPaused: false))
            case 3: return .change(key, ScheduleChange(catchUp: .set(policy())))
            case 4, 5:
                // The name tells those apart that take one another's place within a second.
                let unique = "\(name)-\(script.next() % 1_000_000)"
                return put(unique, .at(now + .milliseconds(Int64(script.next() % 200_000) - 20_000)), .latest)
            default: return put(name, .cron(Self.crons[Int(script.next() % 4)]), policy())
            }
        }

        private func policy() -> CatchUp { CatchUp.allCases[Int(script.next() % 3)] }

        private func put(_ name: String, _ timing: EventSchedule.Timing, _ policy: CatchUp) -> EventScheduleOrder {
            let draft = EventScheduleDraft(
                key: EventScheduleKey(name: name), timing: timing,
                event: EventTemplate(name: "due", data: json(#"{"n":\#(script.next() % 3)}"#)), catchUp: policy
            )
            return .put(draft, replaces: true)
        }

        private func perform(_ order: EventScheduleOrder) {
            feed(.eventSchedule(order, by: "test"))
        }

        private func feed(_ input: Input) {
            inbox.append(input)
            while !inbox.isEmpty {
                batch += 1
                let decision = core.decide(inbox.removeFirst(), at: now, batch: batch)
                store.commit(decision.writes)
                core.committedBatch = batch
                if crashes, faults.next() % 3 == 0 {
                    restart()
                    continue
                }
                for effect in decision.effects {
                    switch effect {
                    case .readWakes(_, let upTo, _):
                        inbox.append(.wakes(WakePage(wakes: [], upTo: upTo, isFull: false)))
                    case .readTemplates(let ids, let read, let bytes):
                        inbox.append(.templatesRead(store.templates(of: ids, atMost: bytes), of: ids, read: read))
                    default: break
                    }
                }
            }
        }

        private func restart() {
            restarts += 1
            inbox = [.tick]
            core = ShardCore(
                shard: 0, shardCount: 1, state: store.state(at: core.time), configuration: EngineConfiguration(),
                seed: faults.next()
            )
        }
    }
}
