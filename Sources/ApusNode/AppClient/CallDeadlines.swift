import NIOCore

/// Ends calls in time: a ``DeadlineQueue`` with its one timer.
final class CallDeadlines {
    private let eventLoop: any EventLoop
    private var queue = DeadlineQueue()
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    /// No deadlines yet; the timer runs on this loop.
    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// How many deadlines are remembered, those of ended calls included.
    var count: Int { queue.count }

    /// Remembers the deadline of a new call of `client`.
    func add(_ id: AppCallID, at deadline: NIODeadline, of client: AppClient) {
        queue.insert(id, at: deadline)
        if queue.count > 2 * client.callCount + 64 { queue.compact(keeping: client.isUnderWay) }
        schedule(client)
    }

    /// Forgets everything.
    func stop() {
        timer?.task.cancel()
        timer = nil
        queue = DeadlineQueue()
    }

    private func schedule(_ client: AppClient) {
        guard let earliest = queue.earliest, earliest < timer?.at ?? .distantFuture else { return }
        timer?.task.cancel()
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: earliest) { [self] in
            timer = nil
            let now = NIODeadline.now()
            while let id = queue.popDue(now) { client.deadlinePassed(id) }
            schedule(client)
        }
        timer = (earliest, task)
    }
}
