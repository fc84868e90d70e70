import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ApusEmbedded

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("An event loop on its callers' threads")
struct CallersLoopTests {
    private static let group = MultiThreadedEventLoopGroup.singleton
    private let reserve = CallersLoopTests.group.next()
    private let loop: CallersLoop

    init() {
        loop = CallersLoop(reserve: reserve)
    }

    @Test("a task's work is done at once, on the task's thread")
    func atOnce() async {
        let place = await Task.detached { [loop, reserve] in
            let place = Mutex<(isHere: Bool, isReserve: Bool)?>(nil)
            let thread = pthread_self()
            loop.execute { place.withLock { $0 = (pthread_equal(pthread_self(), thread) != 0, reserve.inEventLoop) } }
            return place.withLock { $0 }
        }.value
        #expect(place?.isHere == true && place?.isReserve == false)
        #expect(!loop.inEventLoop)
    }

    @Test("work that work brings along comes after it")
    func nested() async {
        let order = await Task.detached { [loop] in
            let order = Mutex<[Int]>([])
            loop.execute {
                loop.execute { order.withLock { $0.append(2) } }
                order.withLock { $0.append(1) }
                loop.preconditionInEventLoop()
            }
            return order.withLock { $0 }
        }.value
        #expect(order == [1, 2])
    }

    private final class Preference: TaskExecutor {
        private let threads = MultiThreadedEventLoopGroup.singleton.next()
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            threads.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    @Test("a task that has chosen an executor is not kept, nor is a thread that is no task's")
    func chosenExecutor() async throws {
        let fromTask = Task(executorPreference: Preference()) { [loop, reserve] in
            try await loop.submit { reserve.inEventLoop }.get()
        }
        #expect(try await fromTask.value)
        let fromThread = NIOThreadPool.singleton.runIfActive(eventLoop: reserve) { [loop, reserve] in
            loop.submit { reserve.inEventLoop }
        }
        #expect(try await fromThread.get().get())
    }

    private final class Watch: Sendable {
        let isBusy = Atomic(false)
        let overlaps = Atomic(0)
    }

    @Test("one at a time and in each caller's order, however many call at once")
    func exclusion() async {
        let watch = Watch()
        // Not protected: the loop does that.
        let seen = NIOLoopBoundBox.makeBoxSendingValue([[Int]](repeating: [], count: 16), eventLoop: loop)
        await withTaskGroup(of: Void.self) { tasks in
            for caller in 0..<16 {
                tasks.addTask { [loop] in
                    for number in 0..<500 {
                        loop.execute {
                            if watch.isBusy.exchange(true, ordering: .relaxed) {
                                watch.overlaps.add(1, ordering: .relaxed)
                            }
                            seen.value[caller].append(number)
                            watch.isBusy.store(false, ordering: .relaxed)
                        }
                        if number.isMultiple(of: 50) { await Task.yield() }
                    }
                }
            }
        }
        let all = try? await loop.submit { seen.value }.get()
        #expect(all?.allSatisfy { $0 == Array(0..<500) } == true)
        let found = watch.overlaps.load(ordering: .relaxed)
        #expect(found == 0)
    }

    @Test("who is joined by others leaves their work to the reserve")
    func joined() async throws {
        let others = Mutex<[Bool]>([])
        let isReached = Atomic(false)
        let isJoined = Atomic(false)
        let joining = NIOThreadPool.singleton.runIfActive(eventLoop: reserve) { [loop, reserve] in
            while !isReached.load(ordering: .acquiring) { sched_yield() }
            for _ in 0..<3 { loop.execute { others.withLock { $0.append(reserve.inEventLoop) } } }
            isJoined.store(true, ordering: .releasing)
        }
        await Task.detached { [loop] in
            loop.execute {
                isReached.store(true, ordering: .releasing)
                while !isJoined.load(ordering: .acquiring) { sched_yield() }
            }
        }.value
        try await joining.get()
        try await loop.submit {}.get()
        #expect(others.withLock { $0 } == [true, true, true])
    }

    @Test("after slow work callers are spared")
    func slowWork() async throws {
        let loop = CallersLoop(reserve: reserve, rest: .seconds(3_600))
        let places = try await Task.detached { [reserve] in
            let before = Mutex(true)
            loop.execute {
                before.withLock { $0 = reserve.inEventLoop }
                usleep(40_000)
            }
            return (before.withLock { $0 }, try await loop.submit { reserve.inEventLoop }.get())
        }.value
        #expect(places == (false, true))
    }

    @Test("timers come when it is time, unless they are cancelled")
    func timers() async throws {
        let order = Mutex<[String]>([])
        let start = NIODeadline.now()
        let cancelled = loop.scheduleTask(deadline: start + .hours(1)) { order.withLock { $0.append("cancelled") } }
        cancelled.cancel()
        let failing = loop.scheduleTask(deadline: start + .milliseconds(2)) { throw CancellationError() }
        let first = loop.scheduleTask(deadline: start + .milliseconds(5)) { order.withLock { $0.append("first") } }
        let second = loop.scheduleTask(deadline: start + .milliseconds(10)) { [loop] in
            loop.preconditionInEventLoop()
            order.withLock { $0.append("second") }
        }
        try await second.futureResult.get()
        try await first.futureResult.get()
        #expect(order.withLock { $0 } == ["first", "second"])
        await #expect(throws: CancellationError.self) { try await failing.futureResult.get() }
        await #expect(throws: EventLoopError.self) { try await cancelled.futureResult.get() }
    }

    @Test("a timer that is cancelled while its turn waits does nothing")
    func lateCancellation() async throws {
        let ran = Atomic(false)
        try await Task.detached { [loop] in
            loop.execute {
                let timer = loop.scheduleTask(in: .zero) { ran.store(true, ordering: .relaxed) }
                // The reserve has put it behind this piece of work by now.
                usleep(20_000)
                timer.cancel()
            }
            try await loop.submit {}.get()
        }.value
        _ = try await loop.submit {}.get()
        let hasRun = ran.load(ordering: .relaxed)
        #expect(!hasRun)
    }
}
