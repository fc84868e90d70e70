import Synchronization

/// The calls of handlers that are under way, each a task of its own.
final class RunningCalls: Sendable {
    fileprivate struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var next = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Starts a call on the concurrency library's threads.
    func start(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let number = state.next
            state.next += 1
            state.tasks[number] = Task.detached {
                await body()
                self.end(number)
            }
        }
    }

    private func end(_ number: Int) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.tasks[number] = nil
            return state.tasks.isEmpty ? state.takeWaiting() : []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Asks all of them to end.
    func cancelAll() {
        for task in state.withLock({ Array($0.tasks.values) }) { task.cancel() }
    }

    /// Waits until none is left.
    /// - Returns: how many are left when the time is up.
    func wait(atMost time: Duration) async -> Int {
        let timer = Task.detached {
            try? await Task.sleep(for: time)
            for continuation in self.state.withLock({ $0.takeWaiting() }) { continuation.resume() }
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard !state.tasks.isEmpty else { return true }
                state.next += 1
                state.waiting[state.next] = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        timer.cancel()
        return state.withLock { $0.tasks.count }
    }
}

extension RunningCalls.State {
    fileprivate mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }
}
