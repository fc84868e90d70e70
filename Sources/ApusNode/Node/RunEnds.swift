import ApusCore
import ApusEngine
import Synchronization

/// Wakes those who wait for a run to end, and tells them how it did.
package final class RunEnds: Sendable {
    /// Who may wait at a time, for all runs together.
    package static let places = 1_000

    private typealias Owner = CheckedContinuation<RunOutcome?, Never>

    private struct Place {
        let run: ULID
        var stage = Stage.taken

        enum Stage {
            case taken
            case waiting(Owner)
            /// The end, or the wait's, came before its owner began to wait.
            case told(RunOutcome?)
        }

        /// - Returns: who is to be woken.
        mutating func tell(_ outcome: RunOutcome?) -> Owner? {
            if case .waiting(let owner) = stage {
                stage = .taken
                return owner
            }
            stage = .told(outcome)
            return nil
        }
    }

    /// The newest runs that have begun and not ended.
    private struct Living {
        private var runs: Set<ULID> = []
        /// In the order in which they began, ended ones among them; the oldest is replaced by the next.
        private var ring: [ULID] = []
        private var oldest = 0

        mutating func insert(_ run: ULID) {
            guard runs.insert(run).inserted else { return }
            guard ring.count == RunEnds.remembered else { return ring.append(run) }
            runs.remove(ring[oldest])
            ring[oldest] = run
            oldest = (oldest + 1) % ring.count
        }

        mutating func remove(_ run: ULID) { runs.remove(run) }

        func contains(_ run: ULID) -> Bool { runs.contains(run) }
    }

    private struct State {
        var next = 0
        var places: [Int: Place] = [:]
        var byRun: [ULID: Set<Int>] = [:]
        var living = Living()
        /// Nobody waits any more.
        var isOver = false

        mutating func enter(_ run: ULID) -> Int? {
            guard places.count < RunEnds.places else { return nil }
            next += 1
            places[next] = Place(run: run)
            byRun[run, default: []].insert(next)
            return next
        }
    }

    /// Runs that are known to live.
    static let remembered = 4_096

    private let state = Mutex(State())

    /// Takes a place; from now on the run's end is not missed.
    /// - Returns: `nil` when too many wait already.
    package func enter(_ run: ULID) -> Int? {
        state.withLock { $0.enter(run) }
    }

    /// Takes a place if it is known without a look at the store that the run lives.
    package func enter(ifLiving run: ULID) -> Int? {
        state.withLock { $0.living.contains(run) ? $0.enter(run) : nil }
    }

    /// Gives a place back, and wakes its owner; nothing happens when that has been done.
    package func leave(_ place: Int) {
        let owner = state.withLock { state -> Owner? in
            guard var found = state.places.removeValue(forKey: place) else { return nil }
            state.byRun[found.run]?.remove(place)
            if state.byRun[found.run]?.isEmpty == true { state.byRun[found.run] = nil }
            return found.tell(nil)
        }
        owner?.resume(returning: nil)
    }

    /// Waits until the run has ended or somebody calls ``stopWaiting(_:)``. Only a place's owner may wait.
    /// - Returns: how the run has ended; `nil` when it has not.
    package func wait(_ place: Int) async -> RunOutcome? {
        await withCheckedContinuation { owner in
            let told = state.withLock { state -> Place.Stage in
                guard !state.isOver, let stage = state.places[place]?.stage else { return .told(nil) }
                state.places[place]?.stage = if case .taken = stage { .waiting(owner) } else { .taken }
                return stage
            }
            if case .told(let outcome) = told { owner.resume(returning: outcome) }
        }
    }

    /// Has a place's owner wait no longer.
    package func stopWaiting(_ place: Int) {
        let owner = state.withLock { $0.places[place]?.tell(nil) ?? nil }
        owner?.resume(returning: nil)
    }

    /// Has nobody wait any longer, for good.
    func stopAllWaiting() {
        let places = state.withLock { state in
            state.isOver = true
            return Array(state.places.keys)
        }
        for place in places { stopWaiting(place) }
    }

    /// A run lives.
    func began(_ run: ULID) {
        state.withLock { $0.living.insert(run) }
    }

    func publish(_ run: ULID, _ outcome: RunOutcome) {
        let owners = state.withLock { state in
            state.living.remove(run)
            return (state.byRun[run] ?? []).compactMap { state.places[$0]?.tell(outcome) ?? nil }
        }
        for owner in owners { owner.resume(returning: outcome) }
    }
}
