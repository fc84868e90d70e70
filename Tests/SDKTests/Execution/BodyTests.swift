import ApusCore
import Foundation
import Synchronization
import Testing

@testable import Apus

@Suite("The body of a step")
struct BodyTests {
    /// Where two meet, each on a thread of its own.
    private final class MeetingPoint: Sendable {
        private let arrived = Atomic(0)

        /// - Returns: whether the other one came while this one held its thread.
        func meet() -> Bool {
            arrived.wrappingAdd(1, ordering: .sequentiallyConsistent)
            let start = ContinuousClock.now
            while arrived.load(ordering: .sequentiallyConsistent) < 2 {
                if ContinuousClock.now - start > .seconds(30) { return false }
            }
            return true
        }
    }

    private static func outcome(_ pass: Pass) async throws -> BodyOutcome? {
        guard case .waiting(let calls) = await pass.settle(), let call = calls.first else { return nil }
        return await pass.runBody(of: call)
    }

    private static func thread() -> UInt { UInt(bitPattern: ObjectIdentifier(Thread.current)) }

    @Test("begins on the thread of who runs the step")
    func beginning() async throws {
        let seen = Mutex<UInt>(0)
        let pass = Pass.test { step in
            try await step.run("a") { seen.withLock { $0 = Self.thread() } }
            return 1
        }
        guard case .waiting(let calls) = await pass.settle(), let call = calls.first else {
            return #expect(Bool(false), "the step is not reached")
        }
        let before = Self.thread()
        guard case .returned? = await pass.runBody(of: call) else { return #expect(Bool(false), "the body threw") }
        #expect(seen.withLock { $0 } == before)
        pass.unwind()
    }

    @Test("runs its children side by side", .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
    func children() async throws {
        let point = MeetingPoint()
        let pass = Pass.test { step in
            try await step.run("a") {
                async let one = point.meet()
                async let two = point.meet()
                let met = await [one, two]
                return met == [true, true] ? 1 : 0
            }
        }
        guard case .returned(let data)? = try await Self.outcome(pass) else { return #expect(Bool(false)) }
        #expect(data.description == "1")
        pass.unwind()
    }

    @Test("leaves the handler's other branches free while it waits")
    func branches() async throws {
        let (news, teller) = AsyncStream.makeStream(of: Int.self)
        let pass = Pass.test { step in
            async let branch: Void = {
                try await Task.sleep(for: .milliseconds(20))
                teller.yield(7)
                teller.finish()
            }()
            let found = try await step.run("a") { await news.first { _ in true } ?? 0 }
            try await branch
            return found
        }
        guard case .returned(let data)? = try await Self.outcome(pass) else { return #expect(Bool(false)) }
        #expect(data.description == "7")
        pass.unwind()
    }

    @Test("that suspends goes on and comes to its end")
    func suspended() async throws {
        let pass = Pass.test { step in
            try await step.run("a") {
                var sum = 0
                for number in 1...100 {
                    await Task.yield()
                    sum += number
                }
                return sum
            }
        }
        guard case .returned(let data)? = try await Self.outcome(pass) else { return #expect(Bool(false)) }
        #expect(data.description == "5050")
        pass.unwind()
    }
}
