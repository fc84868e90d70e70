import DequeModule
import NIOCore
import Synchronization

/// What waits for one listener.
package final class Subscription: Sendable {
    private struct State {
        var pieces: Deque<ByteBuffer> = []
        /// Bytes that were published since the listener began; what is replayed does not count.
        var bytes = 0
        var isEnded = false
        var isPoked = false
        var waiting: CheckedContinuation<Void, Never>?
        var onEnd: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameters:
    ///   - limit: bytes that may wait.
    init(limit: Int) {
        self.limit = limit
    }

    deinit {
        state.withLock { $0.onEnd }?()
    }

    /// - Parameter onEnd: called when the listener is gone.
    func whenGone(_ onEnd: @escaping @Sendable () -> Void) {
        state.withLock { $0.onEnd = onEnd }
    }

    /// What was published before.
    func replay(_ piece: ByteBuffer) {
        state.withLock { $0.pieces.append(piece) }
    }

    func receive(_ piece: ByteBuffer) {
        change { state in
            guard !state.isEnded else { return }
            state.bytes += piece.readableBytes
            if state.bytes > limit {
                // A stream with a hole is worth less than none: the listener sees that it has ended.
                state.isEnded = true
                state.pieces = []
            } else {
                state.pieces.append(piece)
            }
        }
    }

    /// Has the listener look up, although nothing has come.
    package func poke() {
        change { $0.isPoked = true }
    }

    /// Nothing comes any more.
    package func end() {
        change { $0.isEnded = true }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Everything that has come since the last question; waits until there is something, or until somebody pokes.
    /// - Returns: `nil` when nothing comes any more.
    package func next() async -> [ByteBuffer]? {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                guard state.pieces.isEmpty, !state.isEnded, !state.isPoked else { return true }
                state.waiting = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { state in
            state.isPoked = false
            guard !state.isEnded || !state.pieces.isEmpty else { return nil }
            defer {
                state.pieces = []
                state.bytes = 0
            }
            return Array(state.pieces)
        }
    }
}
