import ApusCore
import HeapModule

/// Decides which of an app's due jobs may call it now: oldest run first, within the limits on
/// calls and bytes in flight, and only while the app can be reached.
///
/// This is the seam where flow control will take its place.
package struct AppGate: Sendable {
    package private(set) var callsInFlight = 0
    package private(set) var bytesInFlight = 0
    package var breaker = CircuitBreaker()
    private var ready = Heap<ReadyJob>()

    package init() {}

    package var waiting: Int { ready.count }

    package mutating func enqueue(_ job: ReadyJob) {
        ready.insert(job)
    }

    /// The next job that may be sent, or `nil` when none waits or none may.
    package mutating func next(limits: Limits) -> ReadyJob? {
        guard breaker.allowsCalls, callsInFlight < limits.callsPerApp else { return nil }
        guard callsInFlight == 0 || bytesInFlight < limits.callBytesPerApp else { return nil }
        return ready.popMin()
    }

    package mutating func callBegan(bytes: Int) {
        callsInFlight += 1
        bytesInFlight += bytes
    }

    package mutating func callEnded(bytes: Int) {
        callsInFlight -= 1
        bytesInFlight -= bytes
    }
}

/// A job that is due, ordered by the age of its run.
package struct ReadyJob: Hashable, Comparable, Sendable {
    package var runCreatedAt: Timestamp
    package var run: RowID
    package var job: JobNumber

    package init(runCreatedAt: Timestamp, run: RowID, job: JobNumber) {
        self.runCreatedAt = runCreatedAt
        self.run = run
        self.job = job
    }

    package static func < (left: ReadyJob, right: ReadyJob) -> Bool {
        (left.runCreatedAt, left.run, left.job) < (right.runCreatedAt, right.run, right.job)
    }
}
