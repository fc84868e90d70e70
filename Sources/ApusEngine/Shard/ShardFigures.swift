import ApusCore
import DequeModule
import HeapModule

/// How much a shard holds in memory; for metrics, and for the simulation, which checks the limits.
package struct ShardFigures: Hashable, Sendable {
    /// Folded runs, by why they are kept: something is happening to them, their newest turn is not
    /// durable yet, or there is room.
    package var busyRuns = 0
    package var undurableRuns = 0
    package var idleRuns = 0
    package var residentBytes = 0
    package var runsBeingRead = 0
    package var alarms = 0
    package var openCalls = 0
    /// Calls that apps have answered and that wait for requests of the server.
    package var gatewayCalls = 0
    package var waitingJobs = 0
    /// Calls and runs that limits count, each once for each of its limits.
    package var heldSlots = 0
    /// Keys of singletons with a run that lives.
    package var singletons = 0
    package var unacknowledgedMessages = 0
    /// Events that have not reached all who wait for them.
    package var pendingLooks = 0
    /// Debounces and batches that have not started their run.
    package var pendings = 0
    /// Keys that throttles and rate limits remember.
    package var rateKeys = 0
}

extension ShardCore {
    /// Counts; not for the hot path.
    package var figures: ShardFigures {
        var figures = ShardFigures()
        for resident in residents.values {
            if !resident.isIdle {
                figures.busyRuns += 1
            } else if resident.batch > committedBatch {
                figures.undurableRuns += 1
            } else {
                figures.idleRuns += 1
            }
        }
        figures.residentBytes = residentBytes
        figures.runsBeingRead = loads.count
        figures.alarms = wakes.count
        figures.gatewayCalls = openCalls.values.count { $0.gateway != nil }
        figures.openCalls = openCalls.count - figures.gatewayCalls
        figures.waitingJobs = queue.count
        figures.heldSlots = queue.heldSlots
        figures.singletons = singletons.count
        figures.unacknowledgedMessages = outboxes.values.reduce(0) { $0 + $1.unacknowledged.count }
        figures.pendingLooks = looks.count
        figures.pendings = pendings.count
        figures.rateKeys = queue.arrivals.count
        return figures
    }
}
