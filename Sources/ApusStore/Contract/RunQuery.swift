import ApusCore
import ApusEngine

/// Which runs are looked for, and in which order: by the time at which they were created, those of one
/// millisecond by their rows.
package struct RunQuery: Hashable, Sendable {
    package var states: Set<RunState>
    /// `nil` for all.
    package var functions: Set<UUID16>?
    /// The time that has to lie between the bounds.
    package var time: RunTime
    /// The first time that counts.
    package var from: Timestamp?
    /// The first time that does not count any more.
    package var until: Timestamp?
    package var isOldestFirst: Bool
    /// The run that was looked at last.
    package var after: RunPosition?
    /// Whether the runs are given with their ends, which costs a look into the journal of each.
    package var hasEnds: Bool

    package init(
        states: Set<RunState> = Set(RunState.allCases), functions: Set<UUID16>? = nil, time: RunTime = .created,
        from: Timestamp? = nil, until: Timestamp? = nil, isOldestFirst: Bool = false, after: RunPosition? = nil,
        hasEnds: Bool = false
    ) {
        self.states = states
        self.functions = functions
        self.time = time
        self.from = from
        self.until = until
        self.isOldestFirst = isOldestFirst
        self.after = after
        self.hasEnds = hasEnds
    }

    /// Whether a run is one of those, wherever it stands in the order.
    package func matches(_ run: RunProjection, of function: UUID16, createdAt: Timestamp) -> Bool {
        guard states.contains(RunState(run)), functions?.contains(function) ?? true else { return false }
        guard from != nil || until != nil else { return true }
        let found: Timestamp? =
            switch time {
            case .created: createdAt
            case .started: run.startedAt
            case .ended: run.endedAt
            }
        guard let found else { return false }
        return from.map { found >= $0 } ?? true && until.map { found < $0 } ?? true
    }
}

/// What people see of a run's status.
package enum RunState: UInt8, Hashable, Sendable, NamedCase {
    /// No call for the run has gone out yet.
    case queued = 0
    case running = 1
    case completed = 2
    case failed = 3
    case cancelled = 4

    package init(_ run: RunProjection) {
        self =
            switch run.status {
            case .running: run.startedAt == nil ? .queued : .running
            case .completed: .completed
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }

    /// How the store tells it.
    package var status: RunStatus {
        switch self {
        case .queued, .running: .running
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    package var name: String { "\(self)" }
}

/// One of the times of a run.
package enum RunTime: Hashable, Sendable {
    case created
    case started
    case ended
}

/// A run's place in the order of lists.
package struct RunPosition: Hashable, Comparable, Sendable {
    package var createdAt: Timestamp
    package var row: RowID

    package init(createdAt: Timestamp, row: RowID) {
        self.createdAt = createdAt
        self.row = row
    }

    package static func < (left: RunPosition, right: RunPosition) -> Bool {
        (left.createdAt, left.row) < (right.createdAt, right.row)
    }
}

extension StoredRun {
    package var position: RunPosition { RunPosition(createdAt: createdAt, row: row) }
}

/// What a search has found so far.
package struct RunPage: Hashable, Sendable {
    package var runs: [StoredRun]
    /// Where the search goes on; `nil` when there is nothing left. A search that has looked at very many runs
    /// stops short of its limit.
    package var next: RunPosition?

    package init(runs: [StoredRun], next: RunPosition?) {
        self.runs = runs
        self.next = next
    }
}
