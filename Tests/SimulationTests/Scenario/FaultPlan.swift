import ApusCore
import ApusEngine

/// What goes wrong in a world, and until when. Afterwards everything heals, so that every run must end.
struct FaultPlan {
    /// Milliseconds after the beginning at which the last fault has passed.
    var end: Int64

    // At given times.
    /// The process dies; how long it is away.
    var crashes: [(at: Int64, pause: Int64)] = []
    /// One shard loses its memory.
    var shardCrashes: [(at: Int64, shard: ShardID, pause: Int64)] = []
    /// Another node takes the shard and gives it up at once.
    var lostLeases: [(at: Int64, shard: ShardID)] = []
    /// Another node takes the shard and runs it for a while beside its old owner.
    var usurpers: [(at: Int64, shard: ShardID, length: Int64)] = []
    var storeOutages: [(at: Int64, length: Int64)] = []
    var appOutages: [(at: Int64, app: Int, length: Int64)] = []
    var clockSteps: [(at: Int64, by: Int64)] = []
    /// An app registers with one function more.
    var registrations: [(at: Int64, app: Int)] = []
    /// Somebody pauses a function, by its place in the scenario, for a while.
    var pauses: [(at: Int64, function: Int, length: Int64)] = []

    // Of a thousand commits.
    var commitLost = 0
    /// The batch becomes durable, and nobody hears of it.
    var commitUnanswered = 0
    var crashBeforeCommit = 0
    var crashAfterCommit = 0
    /// Of those with events or listeners that still have to be looked for.
    var crashBeforeLook = 0

    // Of a thousand reads.
    var readFails = 0
    var slowStore = 0

    // Of a thousand messages between shards.
    var messageLost = 0
    var messageTwice = 0
    var slowMessage = 0

    // Of a thousand calls.
    var unreachable = 0
    var replyLost = 0
    var replyTwice = 0
    /// Replies of a process that is gone reach its successor.
    var strayReply = 0
    var hang = 0
    var garbage = 0
    var slowApp = 0

    // Of a thousand reports of steps.
    var reportLost = 0
    var reportUnanswered = 0
    var reportTwice = 0
    var slowReport = 0
    /// A crash, or the loss of the lease, between a report and the answer of its call.
    var troubleAfterReport = 0

    init(end: Int64) {
        self.end = end
    }

    /// A plan for a world of so many shards and apps.
    /// - Parameter limited: the functions that have flow control, by their places.
    static func draw(shards: Int, apps: Int, limited: [Int], from random: inout SplitMix64) -> FaultPlan {
        var plan = FaultPlan(end: random.pick([2_000, 20_000, 120_000, 600_000]))
        let end = plan.end
        if random.chance(percent: 15) { return plan }
        func moments(_ range: ClosedRange<Int>) -> [Int64] {
            (0..<random.count(range)).map { _ in random.anyDelay(upTo: end) }.sorted()
        }
        if random.chance(percent: 40) {
            plan.crashes = moments(1...3).map { ($0, random.anyDelay(upTo: 20_000)) }
        }
        if random.chance(percent: 30) {
            plan.shardCrashes = moments(1...4).map {
                ($0, ShardID(random.below(UInt64(shards))), random.anyDelay(upTo: 5_000))
            }
        }
        if random.chance(percent: 30) {
            plan.lostLeases = moments(1...4).map { ($0, ShardID(random.below(UInt64(shards)))) }
        }
        if random.chance(percent: 20) {
            plan.storeOutages = moments(1...2).map { ($0, random.anyDelay(upTo: 20_000)) }
        }
        if random.chance(percent: 25) {
            plan.appOutages = moments(1...2).map {
                ($0, Int(random.below(UInt64(apps))), random.between(0, 3_000) + random.anyDelay(upTo: 120_000))
            }
        }
        if random.chance(percent: 15) {
            plan.clockSteps = moments(1...2).map { ($0, random.between(-3_600_000, 3_600_000)) }
        }
        if random.chance(percent: 15) {
            plan.usurpers = moments(1...2).map {
                ($0, ShardID(random.below(UInt64(shards))), random.anyDelay(upTo: 1_000))
            }
        }
        if random.chance(percent: limited.isEmpty ? 15 : 40) {
            plan.registrations = moments(1...2).map { ($0, Int(random.below(UInt64(apps)))) }
        }
        if !limited.isEmpty, random.chance(percent: 25) {
            plan.pauses = moments(1...2).map {
                ($0, random.pick(limited), random.anyDelay(upTo: 20_000))
            }
        }
        func rate(_ percent: Int, _ choices: [Int]) -> Int {
            random.chance(percent: percent) ? random.pick(choices) : 0
        }
        plan.commitLost = rate(30, [5, 20, 100])
        plan.commitUnanswered = rate(30, [5, 20, 100])
        plan.crashBeforeCommit = rate(20, [5, 20])
        plan.crashAfterCommit = rate(20, [5, 20])
        plan.crashBeforeLook = rate(20, [20, 100])
        plan.readFails = rate(30, [20, 200])
        plan.slowStore = rate(30, [10, 100])
        plan.messageLost = rate(40, [20, 200])
        plan.messageTwice = rate(40, [50, 300])
        plan.slowMessage = rate(40, [50, 300])
        plan.unreachable = rate(20, [20, 100])
        plan.replyLost = rate(30, [20, 100])
        plan.replyTwice = rate(30, [50, 300])
        plan.strayReply = rate(50, [300, 1_000])
        plan.hang = rate(15, [10, 50])
        plan.garbage = rate(20, [10, 50])
        plan.slowApp = rate(40, [50, 300])
        return plan
    }
    /// What goes wrong with reports of steps.
    mutating func addReports(from random: inout SplitMix64) {
        func rate(_ percent: Int, _ choices: [Int]) -> Int {
            random.chance(percent: percent) ? random.pick(choices) : 0
        }
        reportLost = rate(40, [50, 300])
        reportUnanswered = rate(40, [50, 300])
        reportTwice = rate(40, [50, 300])
        slowReport = rate(40, [50, 300])
        troubleAfterReport = rate(40, [20, 100])
    }
}
