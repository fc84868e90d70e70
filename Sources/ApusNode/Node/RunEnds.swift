import ApusCore
import Synchronization

/// Wakes those who wait for a run to end.
package final class RunEnds: Sendable {
    /// Who may wait at a time, for all runs together.
    package static let places = 1_000

    private struct Waiting {
        var next = 0
        var count = 0
        var byRun: [ULID: [Int: CheckedContinuation<Void, Never>]] = [:]
        /// Runs that have ended between a place was taken and its owner began to wait.
        var ended: Set<Int> = []
        var places: [Int: ULID] = [:]
    }

    private let state = Mutex(Waiting())

    /// Takes a place; from now on the run's end is not missed.
    /// - Returns: `nil` when too many wait already.
    package func enter(_ run: ULID) -> Int? {
        state.withLock { state in
            guard state.count < Self.places else { return nil }
            state.count += 1
            state.next += 1
            state.places[state.next] = run
            return state.next
        }
    }

    /// Gives a place back, and wakes its owner.
    package func leave(_ place: Int) {
        wake(place, isLeaving: true)
    }

    /// Waits until the run has ended or somebody calls ``stopWaiting(_:)``.
    package func wait(_ place: Int) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard let run = state.places[place], state.ended.remove(place) == nil else { return true }
                state.byRun[run, default: [:]][place] = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Has a place's owner wait no longer.
    package func stopWaiting(_ place: Int) {
        wake(place, isLeaving: false)
    }

    private func wake(_ place: Int, isLeaving: Bool) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let run = state.places[place] else { return nil }
            let waiting = state.byRun[run]?.removeValue(forKey: place)
            if state.byRun[run]?.isEmpty == true { state.byRun[run] = nil }
            if isLeaving {
                state.places[place] = nil
                state.ended.remove(place)
                state.count -= 1
            } else if waiting == nil {
                state.ended.insert(place)
            }
            return waiting
        }
        waiting?.resume()
    }

    /// Has nobody wait any longer.
    func stopAllWaiting() {
        for place in state.withLock({ Array($0.places.keys) }) { stopWaiting(place) }
    }

    func publish(_ run: ULID) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.count > 0 else { return [] }
            let found = state.byRun.removeValue(forKey: run) ?? [:]
            for (place, wanted) in state.places where wanted == run && found[place] == nil {
                state.ended.insert(place)
            }
            return Array(found.values)
        }
        for continuation in waiting { continuation.resume() }
    }
}
