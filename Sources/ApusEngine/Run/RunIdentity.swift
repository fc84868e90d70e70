import ApusCore

/// A shard's number, `0 ..< count`.
package typealias ShardID = UInt16

/// The integer by which a row is stored. The upper bits name the shard that drew it.
package typealias RowID = Int64

/// Identifies one dispatch of one job. A reply carries it back; an older generation is stale.
package struct CallID: Hashable, Sendable {
    package var run: RowID
    package var job: JobNumber
    package var generation: UInt32

    package init(run: RowID, job: JobNumber, generation: UInt32) {
        self.run = run
        self.job = job
        self.generation = generation
    }
}

/// Who waits for a run that was started by `step.invoke`.
package struct Invoker: Hashable, Sendable {
    package var shard: ShardID
    package var run: RowID
    package var runID: ULID
    package var step: StepID

    package init(shard: ShardID, run: RowID, runID: ULID, step: StepID) {
        self.shard = shard
        self.run = run
        self.runID = runID
        self.step = step
    }

    /// The protocol's correlation id: `<run id>.<hashed step id>`.
    package var correlation: String { "\(runID).\(step)" }
}

package enum RunStatus: UInt8, Hashable, Sendable, CaseIterable {
    case running = 0
    case completed = 1
    case failed = 2
    case cancelled = 3

    package var isFinal: Bool { self != .running }

    /// The word that the v1 API and the lifecycle events use.
    package var name: String {
        switch self {
        case .running: "Running"
        case .completed: "Completed"
        case .failed: "Failed"
        case .cancelled: "Cancelled"
        }
    }
}
