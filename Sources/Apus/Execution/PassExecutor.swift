import Synchronization

/// A serial executor that runs only when it is told to.
///
/// A handler's task prefers it, and so do the children that it makes with `async let` and task groups: whatever a
/// handler does outside of its steps becomes a job here. Who drains it runs those jobs one after the other on their own
/// thread, so a pass over a handler switches no thread, and an empty queue means that everything that is alive waits.
///
/// Jobs that arrive while nobody drains stay in the queue: a suspended handler does nothing on its own.
final class PassExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var next = 0
        /// Somebody who waits for a job.
        var waiter: UnsafeContinuation<Void, Never>?
        /// Whether jobs run by themselves: nobody will come to drain any more.
        var isFree = false
        /// The task of the first job, and whether there was a job of another one.
        var firstTask: UInt = 0
        var hasOthers = false
    }

    private let state = Mutex(State())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (waiter, isFree) = state.withLock { state in
            state.jobs.append(job)
            let task = PassExecutor.task(of: job)
            if state.firstTask == 0 { state.firstTask = task }
            if state.firstTask != task { state.hasOthers = true }
            let waiter = state.waiter
            state.waiter = nil
            return (waiter, state.isFree)
        }
        waiter?.resume()
        if isFree { drainLater() }
    }

    /// Whether all jobs were those of one task, the handler's own: then whatever the handler waits for, it waits for
    /// that alone.
    var hasOneTask: Bool { state.withLock { !$0.hasOthers } }

    /// A job of a task is that task; only the address counts.
    private static func task(of job: UnownedJob) -> UInt { unsafeBitCast(job, to: UInt.self) }

    /// Whether no job waits. From inside a job, whether that job is all that can run now.
    var isQuiet: Bool { state.withLock { $0.next == $0.jobs.count } }

    /// The thread that runs jobs now; 0 when none does.
    private let drainingThread = Atomic<UInt>(0)

    /// Whether the caller is a job of this executor or of a task that prefers it.
    var isCurrent: Bool {
        // Asking for the task's executor takes ten times as long.
        if drainingThread.load(ordering: .relaxed) == CurrentThread.id { return true }
        return withUnsafeCurrentTask { $0?.unownedTaskExecutor == asUnownedTaskExecutor() }
    }

    /// Runs jobs until there is none. Only one at a time may call it.
    func drain() {
        let executor = asUnownedTaskExecutor()
        drainingThread.store(CurrentThread.id, ordering: .relaxed)
        defer { drainingThread.store(0, ordering: .relaxed) }
        while let job = takeJob() {
            job.runSynchronously(on: executor)
        }
    }

    private func takeJob() -> UnownedJob? {
        state.withLock { state in
            guard state.next < state.jobs.count else {
                // A parked handler keeps no room for jobs that it does not have.
                state.jobs.removeAll(keepingCapacity: state.jobs.capacity <= 16)
                state.next = 0
                return nil
            }
            defer { state.next += 1 }
            return state.jobs[state.next]
        }
    }

    /// Returns when there is a job.
    func waitForJob() async {
        await withUnsafeContinuation { continuation in
            let isThere = state.withLock { state in
                if state.next < state.jobs.count { return true }
                state.waiter = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Lets jobs run by themselves from now on, on the global executor.
    func setFree() {
        state.withLock { $0.isFree = true }
        drainLater()
    }

    private let draining = Mutex(false)

    private func drainLater() {
        guard claimDraining() else { return }
        Task.detached { self.drainUntilQuiet() }
    }

    private func drainUntilQuiet() {
        repeat {
            drain()
            draining.withLock { $0 = false }
            // A job that came between the last look and the line above found somebody draining.
        } while !isQuiet && claimDraining()
    }

    private func claimDraining() -> Bool {
        draining.withLock { isDraining in
            if isDraining { return false }
            isDraining = true
            return true
        }
    }
}
