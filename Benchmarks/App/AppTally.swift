/// What the app has seen. Confined to its event loop.
final class AppTally {
    /// What has happened since the app started.
    struct Counts: Sendable {
        /// Results of steps that a later call brought along: they are durable.
        var durableSteps = 0
        var endedRuns = 0
        /// Calls of runs of which no step has a result yet.
        var firstCalls = 0
    }

    private(set) var counts = Counts()
    /// Nanoseconds from sending an event to the first call of its run.
    private var firstCalls: [Double] = []
    /// Nanoseconds from sending an event to the answer that ends its run.
    private var ends: [Double] = []
    /// Called when a run has ended.
    var onEnd: (() -> Void)?

    func note(_ call: AppCallScanner, at now: UInt64) {
        let age = call.sentAt.map { Double(now) - Double($0) }
        if call.finished == 0 {
            counts.firstCalls += 1
            if let age { firstCalls.append(age) }
        } else {
            // The calls of a run come one after the other, each with one more result.
            counts.durableSteps += 1
        }
        if call.finished >= call.steps {
            counts.endedRuns += 1
            if let age { ends.append(age) }
            onEnd?()
        }
    }

    /// The times noted so far, which are forgotten.
    func takeTimes() -> (firstCalls: [Double], ends: [Double]) {
        defer { (firstCalls, ends) = ([], []) }
        return (firstCalls, ends)
    }
}
