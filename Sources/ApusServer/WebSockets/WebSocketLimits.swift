import NIOCore

/// What one WebSocket may cost, and how long it is waited for.
package struct WebSocketLimits: Sendable {
    /// Bytes of a frame that comes in.
    package var frameBytes = 64 << 10
    /// Bytes of a message that comes in, in however many frames.
    package var messageBytes = 64 << 10
    /// Frames that may come in at once, control frames included.
    package var frameBurst = 200
    /// Frames a second that may come in for any length of time.
    package var framesPerSecond = 50
    /// The time between two pings; the first one is sent at once.
    package var pingInterval = TimeAmount.seconds(15)
    /// Pings without an answer after which the other side counts as gone.
    package var missedPongs = 3
    /// How long the other side may take to answer a closing frame.
    package var closeTimeout = TimeAmount.seconds(5)
    /// The time between the news that the server ends and the closing frame.
    package var endGrace = TimeAmount.seconds(1)

    package init() {}
}

/// Counts frames, so that nobody can keep the server busy with them.
struct FrameRate {
    private let burst: Int64
    /// Nanoseconds that one frame costs.
    private let cost: Int64
    /// Nanoseconds that have been saved.
    private var saved: Int64
    private var last: NIODeadline

    init(_ limits: WebSocketLimits, now: NIODeadline) {
        cost = 1_000_000_000 / Int64(max(limits.framesPerSecond, 1))
        burst = cost * Int64(max(limits.frameBurst, 1))
        saved = burst
        last = now
    }

    /// - Returns: whether another frame may come.
    mutating func take(at now: NIODeadline) -> Bool {
        saved = min(burst, saved + max((now - last).nanoseconds, 0))
        last = now
        guard saved >= cost else { return false }
        saved -= cost
        return true
    }
}
