import Synchronization

/// How often something may still happen, and how often it has.
final class Countdown: Sendable {
    private let state: Mutex<(left: Int, used: Int)>

    init(_ count: Int) {
        state = Mutex((count, 0))
    }

    /// Whether it may happen once more.
    func next() -> Bool {
        state.withLock { state in
            guard state.left > 0 else { return false }
            state.left -= 1
            state.used += 1
            return true
        }
    }

    /// Allows nothing more.
    /// - Returns: how often it has happened.
    func stop() -> Int {
        state.withLock { state in
            state.left = 0
            return state.used
        }
    }
}
