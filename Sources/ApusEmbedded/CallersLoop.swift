import Apus
import DequeModule
import Dispatch
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// An event loop that runs on the threads of those who have something for it.
///
/// Like any event loop it runs one thing at a time, in order. Whoever comes while nothing runs does their own work at
/// once, and goes on when it is done: no other thread is woken, and none has to wake them. Whoever comes while something
/// runs leaves their work there, and who is at work hands it to the *reserve*, an event loop with a thread of its own:
/// nobody works for others, and under load everything is done there. The reserve also has the timers, and does everything
/// for those who must not be kept: threads that are no task's, and tasks that have chosen an executor.
///
/// A caller's thread waits for the disk where the loop commits. That is for quick disks: when pieces of work have lately
/// taken longer than ``patience`` in the mean, the reserve does everything for a while.
final class CallersLoop: EventLoop {
    typealias Work = @Sendable () -> Void

    /// How long a piece of work may take on a caller's thread, in the mean. About every other one is a commit.
    private static let patience = Duration.milliseconds(1)
    /// Pieces of work after which whoever does them is relieved: a caller for good, its own comes to less, and the
    /// reserve to look at its other duties.
    private static let share = 64

    private struct State {
        var work: Deque<Work> = []
        /// Whether somebody has taken it on to do what there is.
        var isHeld = false
        /// Whether a caller who is at work has been joined by others.
        var isShared = false
        /// How long the last pieces of work have taken, the newest one counting most.
        var mean = Duration.zero
        var restsUntil: ContinuousClock.Instant?

        mutating func took(_ time: Duration, until end: ContinuousClock.Instant, rest: Duration) {
            mean += (time - mean) / 16
            guard mean > CallersLoop.patience else { return }
            restsUntil = end + rest
            mean = .zero
        }
    }

    private let reserve: any EventLoop
    // A lock that the thread sanitizer sees: with it, it judges what is confined to this loop.
    private let state = NIOLockedValueBox(State())
    /// The thread that is at work; 0 for none.
    private let worker = Atomic<UInt>(0)
    private let rest: Duration

    /// - Parameter rest: for how long callers are spared when they would have to wait for long.
    init(reserve: any EventLoop, rest: Duration = .seconds(1)) {
        self.reserve = reserve
        self.rest = rest
    }

    var inEventLoop: Bool { worker.load(ordering: .relaxed) == CurrentThread.id }

    func execute(_ work: @escaping Work) {
        let (begins, rests) = state.withLockedValue { state in
            state.work.append(work)
            if state.isHeld, !inEventLoop { state.isShared = true }
            defer { state.isHeld = true }
            return (!state.isHeld, state.restsUntil != nil)
        }
        guard begins else { return }
        if reserve.inEventLoop || (!rests || isRested()) && Self.callerCanWait {
            run()
        } else {
            handOver()
        }
    }

    /// Whether this is a thread of the concurrency library, at work for a task that does not care which one it has.
    private static var callerCanWait: Bool {
        withUnsafeCurrentTask { task in task.map { $0.unownedTaskExecutor == nil } ?? false }
    }

    private func isRested() -> Bool {
        let now = ContinuousClock.now
        return state.withLockedValue { state in
            if let end = state.restsUntil, now < end { return false }
            state.restsUntil = nil
            return true
        }
    }

    private func handOver() {
        reserve.execute { self.run() }
    }

    /// Does what there is; to be called by who holds the loop.
    private func run() {
        let isReserve = reserve.inEventLoop
        worker.store(CurrentThread.id, ordering: .relaxed)
        var start = ContinuousClock.now
        for _ in 0..<Self.share {
            let next = state.withLockedValue { state in isReserve || !state.isShared ? state.work.popFirst() : nil }
            guard let next else { break }
            next()
            let end = ContinuousClock.now
            state.withLockedValue { $0.took(end - start, until: end, rest: rest) }
            start = end
        }
        worker.store(0, ordering: .relaxed)
        let isDone = state.withLockedValue { state in
            state.isShared = false
            if state.work.isEmpty { state.isHeld = false }
            return state.work.isEmpty
        }
        if !isDone { handOver() }
    }
}

// MARK: - Timers

extension CallersLoop {
    func scheduleTask<Value>(
        deadline: NIODeadline, _ task: @escaping @Sendable () throws -> Value
    ) -> Scheduled<Value> {
        let promise = makePromise(of: Value.self)
        let isCancelled = Flag()
        let timer = reserve.scheduleTask(deadline: deadline) {
            self.execute {
                guard !isCancelled.isSet else { return }
                let isolated = promise.assumeIsolated()
                do { isolated.succeed(try task()) } catch { promise.fail(error) }
            }
        }
        // The reserve may end first.
        timer.futureResult.whenFailure { promise.fail($0) }
        return Scheduled(promise: promise) {
            isCancelled.set()
            timer.cancel()
        }
    }

    func scheduleTask<Value>(
        in delay: TimeAmount, _ task: @escaping @Sendable () throws -> Value
    ) -> Scheduled<Value> {
        scheduleTask(deadline: .now() + delay, task)
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool { value.load(ordering: .relaxed) }
        func set() { value.store(true, ordering: .relaxed) }
    }
}

// MARK: - What every event loop has

extension CallersLoop {
    /// Nothing ends here: the reserve belongs to who made it.
    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }
}
