import ApusCore
import ApusEngine

/// Cron triggers of a world, and what happens to them. All their ticks lie on the day on which worlds begin, so that
/// a world ends when they are over.
struct SchedulePlan {
    /// Expressions of each function, by its place in the scenario and by the version of its app, over and over.
    var expressions: [Int: [[String]]] = [:]
    var jitters: [Int: String] = [:]
    var changes: [Change] = []
    /// Something crashes so many milliseconds after a full minute since the world's first one.
    var crashes: [(minute: Int64, offset: Int64, shard: ShardID?, pause: Int64)] = []
    var clockSteps: [(minute: Int64, offset: Int64, by: Int64)] = []
    var backfills: [Order] = []
    /// Ticks that are made up for.
    var missedTicks = 3

    /// Somebody treats the schedules of a function differently.
    struct Change {
        var at: Int64
        var function: Int
        var change: ScheduleChange
    }

    struct Order {
        var at: Int64
        var function: Int
        var again: Bool
        /// Milliseconds after which somebody stops it.
        var stopsAfter: Int64?
    }

    /// Worlds begin at 20:26:40 on the 28th of May.
    private static let pool = [
        "27-34 20 28 5 *", "*/5 20 28 5 *", "28-52/3 20 28 5 *", "*/10 20-21 28 5 *", "27-31,40 20 28 5 *",
        "TZ=Asia/Kathmandu 12-20/2 2 29 5 *", "TZ=Europe/Berlin 30-34 22 28 5 *", "30 20-23 28 5 *",
    ]

    /// - Parameter first: the place of the first function that gets a trigger.
    static func draw(functions first: Int, count: Int, shards: Int, from random: inout SplitMix64) -> SchedulePlan {
        var plan = SchedulePlan()
        let functions = Array(first..<(first + count))
        for function in functions {
            // No two functions share one, so that the event of a tick tells whose it is.
            let own = pool.indices.filter { $0 % count == function - first }.map { pool[$0] }
            plan.expressions[function] = (0..<random.count(1...2)).map { _ in
                let one = random.pick(own)
                let other = random.pick(own)
                return random.chance(percent: 30) && other != one ? [one, other] : [one]
            }
            if random.chance(percent: 25) { plan.jitters[function] = random.pick(["2s", "1m30s"]) }
            if random.chance(percent: 70) {
                let change = ScheduleChange(
                    catchUp: random.pick([nil, .set(.skip), .set(.latest), .set(.all)]),
                    overlap: random.pick(Overlap.allCases)
                )
                plan.changes.append(Change(at: random.between(0, 15_000), function: function, change: change))
            }
        }
        plan.missedTicks = random.pick([1, 2, 3, 5])
        // Half a minute after the beginning is where the first ticks are.
        func moments(_ range: ClosedRange<Int>) -> [(minute: Int64, offset: Int64)] {
            (0..<random.count(range)).map { _ in
                (random.between(0, 8), random.pick([-60, -2, -1, 0, 1, 2, 3, 5, 10, 40, 3_000]))
            }
        }
        if random.chance(percent: 60) {
            plan.crashes = moments(1...4).map { moment in
                let pause: Int64 = random.pick([10, 1_000, 59_000, 150_000, 400_000, 2 * 3_600_000])
                let shard = random.chance(percent: 50) ? ShardID(random.below(UInt64(shards))) : nil
                return (moment.minute, moment.offset, shard, pause)
            }
        }
        if random.chance(percent: 40) {
            plan.clockSteps = moments(1...2).map { moment in
                let by: Int64 = random.pick([3_600_000, -3_600_000, 600_000, -90_000, 61_000])
                return (moment.minute, moment.offset, by)
            }
        }
        if random.chance(percent: 40) {
            for _ in 0..<random.count(1...2) {
                let (at, function) = (random.between(0, 400_000), random.pick(functions))
                let length = random.between(0, 240_000)
                plan.changes.append(Change(at: at, function: function, change: ScheduleChange(isPaused: true)))
                plan.changes.append(
                    Change(at: at + length, function: function, change: ScheduleChange(isPaused: false))
                )
            }
        }
        if random.chance(percent: 50) {
            plan.backfills = (0..<random.count(1...3)).map { _ in
                Order(
                    at: random.between(1_000, 600_000), function: random.pick(functions),
                    again: random.chance(percent: 30),
                    stopsAfter: random.chance(percent: 20) ? random.between(0, 100) : nil
                )
            }
        }
        return plan
    }
}

extension SimulatedFunction {
    /// A function that ticks start. Some of its runs live until the next tick and longer.
    static func scheduled(_ number: Int, from random: inout SplitMix64) -> SimulatedFunction {
        var statements: [Statement] = []
        if random.chance(percent: 40) { statements.append(.run(Body(id: "work"))) }
        if random.chance(percent: 60) {
            statements.append(.sleep(id: "nap", .milliseconds(random.pick([10, 50_000, 61_000, 130_000, 500_000]))))
        }
        return SimulatedFunction(
            app: 0, slug: "app0-cron\(number)", event: nil, retries: 1,
            program: Program(statements: statements, ending: .returns, version: 2)
        )
    }
}
