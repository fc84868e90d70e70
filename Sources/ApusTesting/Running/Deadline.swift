import Synchronization

/// Waits for something that may never come.
enum Deadline {
    private struct State<Value: Sendable> {
        var continuation: CheckedContinuation<Value?, Never>?
        var timer: Task<Void, Never>?
    }

    private final class Once<Value: Sendable>: Sendable {
        let state: Mutex<State<Value>>

        init(_ continuation: CheckedContinuation<Value?, Never>) {
            state = Mutex(State(continuation: continuation))
        }

        func resume(_ value: Value?) {
            let (continuation, timer) = state.withLock { state in
                defer { state = State() }
                return (state.continuation, state.timer)
            }
            timer?.cancel()
            continuation?.resume(returning: value)
        }
    }

    /// Parts of the limit. Where so much else runs that the body hardly gets a thread, as in a large suite of tests on a
    /// small machine, the timer gets one as rarely: each of its parts takes longer, and so the limit does.
    private static let parts = 100

    /// - Returns: `nil` when the time is over; then the body is cancelled and left to itself.
    static func limit<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async -> Value
    ) async -> Value? {
        await withCheckedContinuation { continuation in
            let once = Once<Value>(continuation)
            let work = Task { once.resume(await body()) }
            let timer = Task {
                // Cancelled when the work is done.
                for _ in 0..<parts {
                    guard (try? await Task.sleep(for: limit / parts)) != nil else { return }
                }
                work.cancel()
                once.resume(nil)
            }
            let isOver = once.state.withLock { state in
                state.timer = timer
                return state.continuation == nil
            }
            if isOver { timer.cancel() }
        }
    }
}
