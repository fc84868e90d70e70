import ApusCore

/// Keeps calls away from an app that cannot be reached, so that one dead app costs a probe now and
/// then instead of an attempt of every run that waits for it.
///
/// Only failures to connect count: an app that answers, however badly, is alive.
package struct CircuitBreaker: Hashable, Sendable {
    /// Failures to connect in a row after which calls are held back. Five, so that a run alone on
    /// its server meets its ordinary five attempts before anything is held.
    package static let threshold = 5
    package static let firstProbe = TimeSpan.seconds(1)
    package static let longestProbe = TimeSpan.seconds(10)

    package private(set) var state = State.closed(failures: 0)

    package init() {}

    package enum State: Hashable, Sendable {
        case closed(failures: Int)
        /// Nothing is sent; the next probe goes out at the given time.
        case open(probeAt: Timestamp, pause: TimeSpan)
        case probing(pause: TimeSpan)
    }

    package var allowsCalls: Bool {
        if case .closed = state { true } else { false }
    }

    /// When a probe is due; `nil` while calls flow or a probe is under way.
    package var probeAt: Timestamp? {
        if case .open(let time, _) = state { time } else { nil }
    }

    package mutating func callReachedApp() {
        state = .closed(failures: 0)
    }

    package mutating func callDidNotReachApp(now: Timestamp) {
        guard case .closed(let failures) = state else { return }
        state =
            failures + 1 < Self.threshold
            ? .closed(failures: failures + 1)
            : .open(probeAt: now + Self.firstProbe, pause: Self.firstProbe)
    }

    /// - Returns: whether a probe should be sent now.
    package mutating func beginProbe(now: Timestamp) -> Bool {
        guard case .open(let time, let pause) = state, time <= now else { return false }
        state = .probing(pause: pause)
        return true
    }

    package mutating func probeEnded(reachable: Bool, now: Timestamp) {
        guard case .probing(let pause) = state else { return }
        if reachable {
            state = .closed(failures: 0)
        } else {
            let next = min(TimeSpan.milliseconds(pause.milliseconds * 2), Self.longestProbe)
            state = .open(probeAt: now + next, pause: next)
        }
    }
}
