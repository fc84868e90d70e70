import NIOCore

/// Runs tasks on an event loop, so that a task which waits for one of the loop's channels goes on
/// without a change of thread. Such a change costs more than the answer to a small request.
final class LoopTaskExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}
