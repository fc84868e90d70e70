import ApusCore
import Foundation
import Testing

@testable import Apus

/// A handler made up at random.
indirect enum Program: Sendable {
    case step(String)
    case sleep(String)
    case sequence([Program])
    case sideBySide(Program, Program)
    case group([Program])
    /// Goes on with the first result and cancels the others.
    case first([Program])
    case loop(Int, Program)
    /// Goes on with the one or the other, as a step's result says.
    case branch(String, Program, Program)
    case catching(Program, Program)

    static func random(_ random: inout SplitMix64, depth: Int = 0) -> Program {
        // Few names, so that they repeat, also in branches that run side by side.
        let name = "s\(random.below(6))"
        guard depth < 4 else { return random.below(5) == 0 ? .sleep(name) : .step(name) }
        func more(_ random: inout SplitMix64) -> Program { .random(&random, depth: depth + 1) }
        func several(_ random: inout SplitMix64) -> [Program] { (0..<(2 + random.below(3))).map { _ in more(&random) } }
        switch random.below(10) {
        case 0, 1: return .step(name)
        case 2: return .sequence(several(&random))
        case 3, 4: return .sideBySide(more(&random), more(&random))
        case 5: return .group(several(&random))
        case 6: return .first(several(&random))
        case 7: return .loop(2 + Int(random.below(2)), more(&random))
        case 8: return .branch(name, more(&random), more(&random))
        default: return .catching(more(&random), more(&random))
        }
    }

    func run(_ step: Step) async throws -> Int {
        switch self {
        case .step(let name): return try await step.run(name) { 0 }
        case .sleep(let name):
            try await step.sleep(name, for: .seconds(1))
            return 1
        case .sequence(let programs):
            var sum = 0
            for program in programs { sum += try await program.run(step) }
            return sum
        case .sideBySide(let left, let right):
            async let a = left.run(step)
            async let b = right.run(step)
            return try await 3 * a + b
        case .group(let programs):
            return try await withThrowingTaskGroup(of: Int.self) { group in
                for program in programs { group.addTask { try await program.run(step) } }
                var sum = 0
                for try await value in group { sum = sum &* 7 &+ value }
                return sum
            }
        case .first(let programs):
            return try await withThrowingTaskGroup(of: Int.self) { group in
                for program in programs { group.addTask { try await program.run(step) } }
                let first = try await group.next() ?? 0
                group.cancelAll()
                return first
            }
        case .loop(let count, let program):
            var sum = 0
            for _ in 0..<count { sum += try await program.run(step) }
            return sum
        case .branch(let name, let left, let right):
            return try await step.run(name) { 0 } % 2 == 0 ? left.run(step) : right.run(step)
        case .catching(let program, let otherwise):
            do {
                return try await program.run(step)
            } catch is StepError {
                return try await otherwise.run(step)
            }
        }
    }
}

@Suite("A handler does the same on every replay")
struct DeterminismTests {
    private static let count =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 500

    @Test("random handlers with steps side by side: one that was kept and ones that begin anew plan the same")
    func replays() async {
        var longest = 0
        for seed in 0..<UInt64(DeterminismTests.count) {
            let calls = await check(seed)
            longest = max(longest, calls)
            if calls < 0 { break }
        }
        // The handlers are worth checking.
        #expect(longest > 10)
    }

    /// - Returns: how many calls the run took; -1 when two handlers differed.
    private func check(_ seed: UInt64) async -> Int {
        var random = SplitMix64(seed: seed)
        let program = Program.random(&random)
        let client = Client.test()
        let started = Counter()
        let ended = Counter()
        let handler: @Sendable (Step) async throws -> Int = { step in
            started.increase()
            defer { ended.increase() }
            return try await program.run(step)
        }
        let kept = Pass.test(.test(client), handler)
        defer { kept.unwind() }
        var results = Results()
        for call in 0..<200 {
            let plan = await kept.settled(results)
            for _ in 0..<2 {
                let fresh = Pass.test(.test(client), handler)
                let other = await fresh.settled(results)
                guard other == plan, fresh.unused.isEmpty, kept.unused.isEmpty else {
                    Issue.record("seed \(seed), call \(call): kept \(plan), anew \(other), \(fresh.unused): \(program)")
                    return -1
                }
                fresh.unwind()
            }
            guard case .waiting(var waiting) = await kept.settle() else {
                // Those that were unwound come to their end, whatever they were doing.
                while ended.count < started.count { await Task.yield() }
                return call
            }
            // Any number of them finish, in any order: what the server joins, and what it does not.
            waiting.shuffle(using: &random)
            for step in waiting.prefix(1 + Int(random.below(UInt64(waiting.count)))) {
                results.add(step.id, memo(step, &random))
            }
            kept.park()
            // One of those that are under way is asked for by itself.
            let finished = Set(results.stack)
            if let target = waiting.first(where: { !finished.contains($0.id) }), random.below(2) == 0 {
                let standing = await kept.settled(results, target: target.id)
                guard standing == "target \(target.name)" else {
                    Issue.record("seed \(seed), call \(call): \(target.name) was asked for, but \(standing)")
                    return -1
                }
                kept.park()
            }
            guard kept.continues(results.history) else {
                Issue.record("seed \(seed), call \(call): the kept handler was not recognised")
                return -1
            }
        }
        return 200
    }

    private func memo(_ step: StepCall, _ random: inout SplitMix64) -> RawJSON {
        if step.order.kind == .sleep { return .null }
        if random.below(6) == 0 {
            return .object(["error": .object(["message": .string("no"), "name": .string("Broken")])])
        }
        return .object(["data": .int(Int64(random.below(100)))])
    }
}
