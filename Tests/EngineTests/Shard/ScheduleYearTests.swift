import ApusCore
import ApusCron
import Testing

@testable import ApusEngine

/// A year of virtual time, from June to June, with both changes of the clock in every zone that has them.
@Suite("A year of ticks")
struct ScheduleYearTests {
    private static let expressions = [
        "TZ=Europe/Berlin 30 2 * * *", "TZ=America/New_York 30 1 * * *", "TZ=Australia/Lord_Howe 15 2 * * *",
        "TZ=Europe/Berlin 0 */12 * * mon-fri", "0 6 1 * *", "TZ=Asia/Kathmandu 59 23 * * sun",
    ]

    @Test("every tick of a year happens once, with crashes around ticks and clocks that step", arguments: 0..<3)
    func year(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let owner = Owner(seed: seed)
        owner.register(Self.expressions)
        let start = owner.now
        let end = start + .days(365)
        while let next = owner.core.nextWake, next < end {
            // A crash before the tick, a look too early, a clock that steps back, a tick that comes late.
            owner.now = max(owner.now, next - .seconds(20))
            if random.below(8) == 0 { owner.restart() }
            if random.below(8) == 0 { owner.feed(.tick) }
            let late = TimeSpan.milliseconds(random.below(3) * 15_000)
            if random.below(20) == 0 {
                owner.now = next - .minutes(random.below(90))
                owner.feed(.tick)
            }
            owner.now = next + late
            owner.feed(.tick)
            if random.below(8) == 0 { owner.restart() }
        }
        for expression in Self.expressions {
            let expected = try CronSchedule(expression).times(
                in: start.milliseconds..<end.milliseconds, limit: 10_000
            )
            #expect(owner.ticks[expression] == expected, "\(expression)")
        }
        // One day has no such hour, and one has it twice.
        #expect(owner.ticks[Self.expressions[0]]?.count == 365)
        #expect(owner.ticks[Self.expressions[4]]?.count == 12)
        #expect(owner.runs == owner.ticks.values.reduce(0) { $0 + $1.count }, "each tick has started one run")
    }

    /// Owns a shard whose runs end at once, and keeps only what schedules need.
    private final class Owner {
        private(set) var core: ShardCore
        var now = CoreHarness.start
        /// In the order in which they happened.
        private(set) var ticks: [String: [Int64]] = [:]
        private(set) var runs = 0
        private var schedules: [ScheduleKey: ScheduleRow] = [:]
        private var inbox: [Input] = []
        private var batch: UInt64 = 0
        private var seed: UInt64
        private var configuration = EngineConfiguration()

        init(seed: UInt64) {
            self.seed = seed &* 1_000_000
            configuration.wakeHorizon = .days(30)
            core = ShardCore(
                shard: 0, shardCount: 1, state: ShardState(rows: .empty(shard: 0), time: now),
                configuration: configuration, seed: seed
            )
        }

        func register(_ expressions: [String]) {
            let functions = expressions.enumerated().map { number, expression in
                var configuration = function("app-f\(number)")
                configuration.triggers = [.cron(schedule: expression, jitter: nil)]
                return configuration
            }
            feed(
                .register(
                    Registration(appName: "app", url: "http://app.test/api", functions: functions, checksum: "1")
                )
            )
            feed(.tick)
        }

        func restart() {
            seed += 1
            core = ShardCore(
                shard: 0, shardCount: 1,
                state: ShardState(
                    registry: core.registry, rows: core.rows, time: core.time,
                    schedules: schedules.values.sorted { $0.key < $1.key }
                ),
                configuration: configuration, seed: seed
            )
            feed(.tick)
        }

        func feed(_ input: Input) {
            inbox.append(input)
            while !inbox.isEmpty {
                batch += 1
                let decision = core.decide(inbox.removeFirst(), at: now, batch: batch)
                core.committedBatch = batch
                for write in decision.writes { keep(write) }
                for case .call(let call) in decision.effects { inbox.append(.reply(call.id, .returned(nil))) }
                for case .readWakes(_, let upTo, _) in decision.effects {
                    inbox.append(.wakes(WakePage(wakes: [], upTo: upTo, isFull: false)))
                }
            }
        }

        private func keep(_ write: Write) {
            switch write {
            case .schedule(let row): schedules[row.key] = row
            case .unschedule(let key): schedules[key] = nil
            case .run: runs += 1
            case .event(let event):
                guard let data = event.body.view["data"], let cron = data["cron"]?.string,
                    let time = data["scheduledAt"]?.string.flatMap({ DateText.parse($0) })
                else { return }
                ticks[cron, default: []].append(time.milliseconds)
            default: break
            }
        }
    }
}
