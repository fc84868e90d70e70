import ApusCore

/// The order to run a schedule's function as of ticks of the past.
package struct Backfill: Hashable, Sendable {
    package var id: ULID
    package var key: ScheduleKey
    package var functionSlug: String
    /// The stretch of time that was asked for; its end is no part of it.
    package var from: Timestamp
    package var to: Timestamp
    /// How many ticks it has.
    package var ticks: Int
    /// How many of them have been started, the first ones.
    package var started: Int
    package var state: State
    /// Who has made it, as he names himself.
    package var actor: String
    package var createdAt: Timestamp
    /// `nil` while it is under way.
    package var endedAt: Timestamp?

    package enum State: UInt8, Hashable, Sendable, CaseIterable {
        case running = 0
        case finished = 1
        case stopped = 2
        /// Its function is not registered any more.
        case abandoned = 3

        package var name: String { "\(self)" }
    }

    package init(
        id: ULID, key: ScheduleKey, functionSlug: String, from: Timestamp, to: Timestamp, ticks: Int,
        started: Int = 0, state: State = .running, actor: String, createdAt: Timestamp, endedAt: Timestamp? = nil
    ) {
        self.id = id
        self.key = key
        self.functionSlug = functionSlug
        self.from = from
        self.to = to
        self.ticks = ticks
        self.started = started
        self.state = state
        self.actor = actor
        self.createdAt = createdAt
        self.endedAt = endedAt
    }

    /// Ticks of one order at most.
    package static let mostTicks = 10_000
    /// Orders that are under way at a time.
    package static let mostOpen = 100
    /// Orders that have ended and are still listed, the newest.
    package static let kept = 100
}

/// A backfill that is under way, with its ticks in their order. They never change.
package struct OpenBackfill: Hashable, Sendable {
    package var order: Backfill
    package var ticks: [Timestamp]

    package init(_ order: Backfill, ticks: [Timestamp]) {
        self.order = order
        self.ticks = ticks
    }

    /// Those that have not been started.
    package var rest: ArraySlice<Timestamp> { ticks.dropFirst(order.started) }
}

/// The backfills that are under way.
struct Backfills {
    /// Oldest first.
    private(set) var open: [OpenBackfill]
    /// Changes with every order, and differs from one memory of the shard to the next.
    private(set) var stamp: UInt64
    /// When the next ticks may start.
    var nextAt = Timestamp.epoch
    /// The batch that holds those that were started last.
    var batch: UInt64 = 0

    init(_ open: [OpenBackfill], stamp: UInt64) {
        self.open = open.sorted { $0.order.id < $1.order.id }
        self.stamp = stamp
    }

    subscript(id: ULID) -> OpenBackfill? { open.first { $0.order.id == id } }

    mutating func insert(_ backfill: OpenBackfill) {
        open.append(backfill)
        stamp &+= 1
    }

    /// Takes in what has become of an order.
    mutating func update(_ order: Backfill) {
        guard let index = open.firstIndex(where: { $0.order.id == order.id }) else { return }
        if order.state == .running { open[index].order = order } else { open.remove(at: index) }
    }
}

/// What somebody has to know who computes the ticks of a backfill.
package struct BackfillOutlook: Hashable, Sendable {
    /// To be handed in with the order, which is refused when there was another one meanwhile.
    package var stamp: UInt64
    /// Ticks that the function is going to run without another order.
    package var awaited: Set<Timestamp>
    /// Ticks from here on may come by themselves; `nil` when the function's schedules are paused or have no more.
    package var next: Timestamp?
}

/// What became of an order.
package enum BackfillAnswer: Hashable, Sendable {
    case ordered
    /// Another order was made since the ticks were computed.
    case outdated
    /// As many are under way as there may be.
    case full
    /// The function is not registered any more.
    case unknown
}

extension EventKey {
    /// Under which the event of a tick is stored, so that it can be found. Expressions of one function that fall
    /// on the same time are one tick.
    package init(tick: Timestamp, of function: UUID16) {
        var writer = BinaryWriter()
        writer.text("apus/tick")
        writer.fixed(function.high)
        writer.fixed(function.low)
        writer.fixed(UInt64(bitPattern: tick.milliseconds))
        let hash = StableHash.wide(writer.bytes)
        self.init(high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash))
    }
}
