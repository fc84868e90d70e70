import ApusCore

/// How much may be under way to one app at a time: calls, the bytes of their bodies, and nothing at all
/// while the app cannot be reached.
package struct AppGate: Sendable {
    package private(set) var callsInFlight = 0
    package private(set) var bytesInFlight = 0
    /// Calls whose runs are being read first.
    package var callsBeingRead = 0
    package var breaker = CircuitBreaker()

    package init() {}

    /// Whether another call may begin.
    package func hasRoom(_ limits: Limits) -> Bool {
        guard breaker.allowsCalls, callsInFlight + callsBeingRead < limits.callsPerApp else { return false }
        return callsInFlight == 0 || bytesInFlight < limits.callBytesPerApp
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
