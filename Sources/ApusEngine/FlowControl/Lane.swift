import ApusCore
import HeapModule

/// Runs of one function that the same limits hold back: those with the same keys, either started or not.
///
/// Only the lane as a whole waits for room, so the cost of an admission does not depend on how many runs
/// wait.
final class Lane {
    let id: ID
    unowned let function: FunctionQueue
    /// The keys of the runs, as they were fixed when the runs were scheduled.
    let keys: RunFlow.Keys
    /// The limits to be met by today's configuration.
    var limits: [LaneLimit] = []
    /// The throttle's configuration is younger than the runs: their keys have to be found first.
    var lacksKeys = false
    private var entries = Heap<Entry>()
    /// Runs that wait; `entries` may hold others that have left.
    private(set) var count = 0
    var state = State.idle
    /// Changes with the state, so that older places in lists of waiting lanes are void.
    var ticket: UInt32 = 0
    /// Room at this limit is what brought the lane back; passed on when the lane cannot use it.
    var wokenBy: LimitKey?
    /// What the lane last waited for.
    var obstacle: Obstacle?
    var pace = Pace()

    struct ID: Hashable {
        var kind: Kind
        /// Of all keys; 0 for none.
        var keys: LimitKey
    }

    /// Which of a function's runs go first.
    enum Kind: UInt8, Comparable {
        /// Calls that a crash has orphaned: they hold their slots already.
        case repeats = 0
        /// Runs that have been called before.
        case started = 1
        case starts = 2

        static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    enum State: Equatable {
        /// Nothing waits in the lane.
        case idle
        /// In the function's round.
        case ready
        case blocked(LimitKey)
    }

    struct LaneLimit {
        var key: LimitKey
        var rule: FlowRule
        /// The most calls or runs, or starts in a throttle's period.
        var limit: Int
        var clock: RateClock?
        var text: String
    }

    struct Entry: Comparable {
        var position: Timestamp
        var run: RowID
        var since: Timestamp

        static func < (left: Entry, right: Entry) -> Bool {
            (left.position, left.run) < (right.position, right.run)
        }
    }

    init(id: ID, function: FunctionQueue, keys: RunFlow.Keys) {
        self.id = id
        self.function = function
        self.keys = keys
    }

    func insert(_ entry: Entry) {
        entries.insert(entry)
        count += 1
    }

    /// A run has left before its turn.
    func forget() {
        count -= 1
        guard entries.count > 2 * count + 64 else { return }
        let kept = entries.unordered.filter { function.queue.lane(of: $0.run) === self }
        entries = Heap(kept)
    }

    /// The next run that still waits here.
    func pop() -> Entry? {
        while let entry = entries.popMin() {
            guard function.queue.lane(of: entry.run) === self else { continue }
            count -= 1
            return entry
        }
        return nil
    }

    /// Those that wait, in no order.
    var waiting: [Entry] {
        entries.unordered.filter { function.queue.lane(of: $0.run) === self }
    }
}

/// How often something happened lately.
struct Pace {
    private var weight = 0.0
    private var at = Timestamp(milliseconds: 0)
    /// Seconds in which old events lose half of their weight.
    private static let halfLife = 30.0

    mutating func count(at now: Timestamp) {
        weight = weight(at: now) + 1
        at = now
    }

    /// How many a second.
    func perSecond(at now: Timestamp) -> Double {
        weight(at: now) * 0.693_147 / Pace.halfLife
    }

    private func weight(at now: Timestamp) -> Double {
        guard weight > 0, now > at else { return weight }
        return weight * exponential(-0.693_147 * Double((now - at).milliseconds) / 1_000 / Pace.halfLife)
    }

    /// e to a power that is not positive, exact enough for a figure that people read.
    private func exponential(_ power: Double) -> Double {
        // (1 + x / 2^k) ^ (2^k)
        var value = 1 + max(power, -500) / 1_024
        for _ in 0..<10 { value *= value }
        return value
    }
}
