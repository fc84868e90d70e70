import ApusCore
import Testing

@testable import Apus

@Suite("A pass over a handler")
struct PassTests {
    @Test("it stops at the first step without a result")
    func first() async {
        let ran = Counter()
        let pass = Pass.test { step in
            let a = try await step.run("a") { ran.increase() }
            return try await step.run("b") { a + 1 }
        }
        #expect(await pass.settled() == "a")
        #expect(ran.count == 0)
        pass.unwind()
    }

    @Test("steps with a result return it, and their bodies do not run")
    func memo() async {
        let ran = Counter()
        let pass = Pass.test { step in
            let a = try await step.run("a") { ran.increase() }
            return try await step.run("b") { ran.increase() } + a
        }
        var results = Results()
        results.add("a", data: .int(20))
        results.add("b", data: .int(3))
        #expect(await pass.settled(results) == "returned 23")
        #expect(ran.count == 0)
    }

    @Test("steps called with async let are found together")
    func asyncLet() async {
        let pass = Pass.test { step in
            async let a = step.run("a") { 1 }
            async let b = step.run("b") { 2 }
            async let c: Void = step.sleep("c", for: .seconds(1))
            try await c
            return try await a + b
        }
        #expect(await pass.settled() == "a b c")
        pass.unwind()
    }

    @Test("steps called in a task group are found together, and nested ones too")
    func groups() async {
        let pass = Pass.test { step in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<3 {
                    group.addTask {
                        async let left = step.run("left-\(index)") { index }
                        async let right = step.run("right-\(index)") { index }
                        return try await left + right
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(await pass.settled() == "left-0 right-0 left-1 right-1 left-2 right-2")
        pass.unwind()
    }

    @Test("a repeated name gets an index, in the order in which the handler comes to it")
    func repeated() async {
        let pass = Pass.test { step in
            var sum = 0
            for _ in 0..<3 { sum += try await step.run("a") { 1 } }
            return sum
        }
        var results = Results()
        results.add("a", data: .int(1))
        results.add("a", index: 1, data: .int(10))
        #expect(await pass.settled(results) == "a:2")
        pass.unwind()
    }

    @Test("the step that finished first is the first to return", arguments: [["a", "b"], ["b", "a"]])
    func order(finished: [String]) async {
        let pass = Pass.test { step in
            let first = try await withThrowingTaskGroup(of: String.self) { group in
                for name in ["a", "b"] { group.addTask { try await step.run(name) { name } } }
                return try await group.next() ?? ""
            }
            return try await step.run("after-\(first)") { 1 }
        }
        var results = Results()
        for name in finished { results.add(name, data: .string(name)) }
        #expect(await pass.settled(results) == "after-\(finished[0])")
        pass.unwind()
    }

    @Test("two branches that repeat a name are told apart as they were the first time")
    func repeatedInBranches() async {
        let pass = Pass.test { step in
            async let left = branch(step, 2)
            async let right = branch(step, 1)
            return try await left + right
        }
        #expect(await pass.settled() == "x x:1")
        pass.park()
        var results = Results()
        results.add("x", data: .int(1))
        results.add("x", index: 1, data: .int(10))
        #expect(await pass.settled(results) == "x:2")
        let fresh = Pass.test { step in
            async let left = branch(step, 2)
            async let right = branch(step, 1)
            return try await left + right
        }
        #expect(await fresh.settled(results) == "x:2")
        pass.unwind()
        fresh.unwind()
    }

    @Test("a handler that is kept goes on where it was")
    func kept() async {
        let between = Counter()
        let pass = Pass.test { step in
            let a = try await step.run("a") { 1 }
            between.increase()
            return try await step.run("b") { 2 } + a
        }
        #expect(await pass.settled() == "a")
        pass.park()
        var results = Results()
        results.add("a", data: .int(5))
        #expect(pass.continues(results.history))
        #expect(await pass.settled(results) == "b")
        pass.park()
        results.add("b", data: .int(6))
        #expect(pass.continues(results.history))
        #expect(await pass.settled(results) == "returned 11")
        #expect(between.count == 1)
    }

    @Test("a handler that is kept does not go on with another run's results, or with fewer")
    func discontinued() async {
        let pass = Pass.test { try await $0.run("a") { 1 } + $0.run("b") { 1 } }
        var results = Results()
        results.add("a", data: .int(1))
        #expect(await pass.settled(results) == "b")
        pass.park()
        #expect(!pass.continues(Results().history))
        var other = Results()
        other.add("b", data: .int(1))
        other.add("a", data: .int(1))
        #expect(!pass.continues(other.history))
        pass.unwind()
    }

    @Test("the step that a call asks for comes first, whatever has a result")
    func target() async {
        let pass = Pass.test { step in
            async let a = step.run("a") { 1 }
            async let b = step.run("b") { 2 }
            return try await a + step.run("then") { 1 } + b
        }
        var results = Results()
        results.add("a", data: .int(1))
        #expect(await pass.settled(results, target: .hashing("b")) == "target b")
        guard case .target(let call) = await pass.settle() else { return #expect(Bool(false)) }
        guard case .returned(let data) = await pass.runBody(of: call) else { return #expect(Bool(false)) }
        #expect(data == .int(2))
        pass.unwind()
    }

    @Test("a failed step throws, and the handler can catch it")
    func failed() async {
        let pass = Pass.test { step in
            do {
                return try await step.run("a") { 1 }
            } catch let error as StepError {
                #expect(error.name == "Broken")
                return try await step.run("instead") { 2 }
            }
        }
        var results = Results()
        let error = RawJSON.object(["message": .string("m"), "name": .string("Broken")])
        results.add(.hashing("a"), .object(["error": error]))
        #expect(await pass.settled(results) == "instead")
        pass.unwind()
    }

    @Test("a step whose task the handler cancels throws, and is asked for no more")
    func cancelled() async {
        let pass = Pass.test { step in
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask { try await step.run("fast") { 1 } }
                group.addTask { try await step.run("slow") { 2 } }
                let first = try await group.next() ?? 0
                group.cancelAll()
                return try await step.run("after") { first }
            }
        }
        #expect(await pass.settled() == "fast slow")
        pass.park()
        var results = Results()
        results.add("fast", data: .int(1))
        #expect(await pass.settled(results) == "after")
        #expect(pass.unused.isEmpty)
        pass.unwind()
    }

    private func branch(_ step: Step, _ times: Int) async throws -> Int {
        var sum = 0
        for _ in 0..<times { sum += try await step.run("x") { 1 } }
        return sum
    }
}
