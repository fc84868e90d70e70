import ApusCore
import ApusEngine

/// The order to repeat all runs of a function that ended in a stretch of time. They are repeated one by one, in
/// the order in which they were created; the originals stay as they are.
package struct Replay: Hashable, Sendable {
    package var id: ULID
    package var function: UUID16
    package var functionSlug: String
    /// How the runs have to have ended.
    package var states: Set<RunState>
    /// When they have to have ended; the end is no part of it, and lies in the past when the order is made.
    package var from: Timestamp?
    package var until: Timestamp
    package var start: Start
    /// Runs that are started in a minute at most.
    package var perMinute: Int
    /// How many runs there were when the order was made.
    package var found: Int
    package var state: State = .running
    package var progress = Progress()
    /// Who has made it, as he names himself.
    package var actor: String
    package var createdAt: Timestamp
    package var endedAt: Timestamp?

    package init(
        id: ULID, function: UUID16, functionSlug: String, states: Set<RunState>, from: Timestamp?, until: Timestamp,
        start: Start, perMinute: Int, found: Int, actor: String, createdAt: Timestamp
    ) {
        self.id = id
        self.function = function
        self.functionSlug = functionSlug
        self.states = states
        self.from = from
        self.until = until
        self.start = start
        self.perMinute = perMinute
        self.found = found
        self.actor = actor
        self.createdAt = createdAt
    }

    /// Where the new runs begin.
    package enum Start: UInt8, Hashable, Sendable, NamedCase {
        /// At the failure of those that failed or were cancelled, at the beginning of the others.
        case failure = 0
        case beginning = 1

        package var name: String { "\(self)" }
    }

    package enum State: UInt8, Hashable, Sendable, NamedCase {
        case running = 0
        case paused = 1
        case finished = 2
        case stopped = 3

        package var name: String { "\(self)" }

        package var isOpen: Bool { self == .running || self == .paused }
    }

    /// How far it has come.
    package struct Progress: Hashable, Sendable {
        /// The original that was dealt with last.
        package var position: RunPosition?
        package var started = 0
        /// Originals of which nothing was started.
        package var skipped = 0
        /// Why that was so for the last of them.
        package var problem = ""

        package init() {}
    }

    /// The query that finds what is left to be repeated.
    package var query: RunQuery {
        RunQuery(
            states: states, functions: [function], time: .ended, from: from, until: until, isOldestFirst: true,
            after: progress.position
        )
    }

    /// Ends it or lets it go on; what has ended stays as it is.
    package mutating func move(to state: State, at now: Timestamp) {
        guard self.state.isOpen else { return }
        self.state = state
        if !state.isOpen { endedAt = now }
    }

    /// The id of the run that repeats another one: always the same, so that it is not started twice.
    package func run(repeating original: ULID) -> ULID {
        var bytes: [UInt8] = []
        for word in [id.high, id.low, original.high, original.low] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
        let hash = StableHash.wide(bytes)
        // The time of the order, so that new runs are listed where they are looked for.
        return ULID(
            high: id.high & ~0xffff | UInt64(truncatingIfNeeded: hash >> 64) & 0xffff,
            low: UInt64(truncatingIfNeeded: hash)
        )
    }

    /// Orders that are under way at a time.
    package static let mostOpen = 20
    /// Orders that have ended and are still listed, the newest.
    package static let kept = 100
    package static let usualPace = 600
    package static let fastestPace = 60_000
}
