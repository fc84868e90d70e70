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

    private struct State {
        var next = 0
        var places: [Int: Place] = [:]
        var byRun: [ULID: Set<Int>] = [:]
    }

    private let state = Mutex(State())

    /// Takes a place; from now on the run's end is not missed.
    /// - Returns: `nil` when too many wait already.
    package func enter(_ run: ULID) -> Int? {
        state.withLock { state in
            guard state.places.count < Self.places else { return nil }
            state.next += 1
            state.places[state.next] = Place(run: run)
            state.byRun[run, default: []].insert(state.next)
            return state.next
        }
    }

    /// Gives a place back, and wakes its owner.
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
                let stage = state.places[place]?.stage ?? .told(nil)
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

    /// Has nobody wait any longer.
    func stopAllWaiting() {
        for place in state.withLock({ Array($0.places.keys) }) { stopWaiting(place) }
    }

    func publish(_ run: ULID, _ outcome: RunOutcome) {
        let owners = state.withLock { state in
            (state.byRun[run] ?? []).compactMap { state.places[$0]?.tell(outcome) ?? nil }
        }
        for owner in owners { owner.resume(returning: outcome) }
    }
}
