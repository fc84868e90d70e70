import Synchronization

/// Where a step's body runs: up to where it first waits on the thread of who runs the step, from then on wherever the
/// concurrency library has a thread.
///
/// Who runs a step has nothing else to do until its body waits, and to hand the body to another thread and to take
/// its result back costs more than most bodies. The body's child tasks run side by side as they do anywhere.
final class BodyExecutor: TaskExecutor {
    private enum Beginning {
        case expected
        case here(UnownedJob)
        case over
    }

    private let beginning = Mutex(Beginning.expected)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = beginning.withLock { beginning in
            guard case .expected = beginning else { return false }
            beginning = .here(job)
            return true
        }
        if !isFirst { globalConcurrentExecutor.enqueue(job) }
    }

    /// Runs the body up to where it first waits, if it has been reached. To be called once.
    func runBeginning() {
        let found = beginning.withLock { beginning in
            defer { beginning = .over }
            return beginning
        }
        if case .here(let job) = found { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
