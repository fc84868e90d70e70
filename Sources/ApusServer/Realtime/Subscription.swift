import DequeModule
import NIOCore
import Synchronization

/// What waits for one listener.
package final class Subscription: Sendable {
    private struct State {
        var pieces: Deque<Piece> = []
        /// Bytes that were published since the listener began; what is replayed does not count.
        var bytes = 0
        /// Of what was taken last, and may not have been sent.
        var takenBytes = 0
        var isEnded = false
        var isPoked = false
        /// It was too slow.
        var isCutOff = false
        var waiting: CheckedContinuation<Void, Never>?
        var onEnd: (@Sendable (_ number: Int) -> Void)?
        var onCutOff: (@Sendable () -> Void)?
    }

    /// Names it among all.
    let number: Int
    private let state = Mutex(State())
    private let limit: Int

    /// - Parameters:
    ///   - limit: bytes that may wait.
    init(number: Int, limit: Int) {
        self.number = number
        self.limit = limit
    }

    deinit {
        state.withLock { $0.onEnd }?(number)
    }

    /// - Parameter onEnd: called with the number when the listener is gone.
    func whenGone(_ onEnd: @escaping @Sendable (_ number: Int) -> Void) {
        state.withLock { $0.onEnd = onEnd }
    }

    /// - Parameter onCutOff: called when the listener is too slow, at once when it was.
    func whenCutOff(_ onCutOff: @escaping @Sendable () -> Void) {
        let isCutOff = state.withLock { state in
            state.onCutOff = onCutOff
            return state.isCutOff
        }
        if isCutOff { onCutOff() }
    }

    /// What was published before.
    func replay(_ piece: Piece) {
        change { $0.pieces.append(piece) }
    }

    /// - Returns: how many pieces were dropped because nobody takes them.
    func receive(_ piece: Piece) -> Int {
        var isTooMuch = false
        change { state in
            guard !state.isEnded else { return }
            state.bytes += piece.size
            state.pieces.append(piece)
            isTooMuch = state.bytes > limit
        }
        return isTooMuch ? cutOff() : 0
    }

    /// Ends it because it is too slow. A stream with a hole is worth less than none: the listener sees that it has ended.
    /// - Returns: how many pieces were dropped.
    func cutOff() -> Int {
        var dropped: Deque<Piece> = []
        var onCutOff: (@Sendable () -> Void)?
        change { state in
            guard !state.isEnded else { return }
            state.isEnded = true
            state.isCutOff = true
            swap(&dropped, &state.pieces)
            onCutOff = state.onCutOff
        }
        onCutOff?()
        return dropped.count
    }

    /// Bytes that are kept for it.
    var heldBytes: Int { state.withLock { $0.bytes + $0.takenBytes } }

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
    package func next() async -> [Piece]? {
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
                (state.takenBytes, state.bytes) = (state.bytes, 0)
            }
            return Array(state.pieces)
        }
    }
}
