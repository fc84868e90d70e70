import ApusCore
import Testing

@testable import Apus

@Suite("Awaiting something that is no step")
struct OutsideAwaitTests {
    private actor Shop {
        var orders = 0
        func order() -> Int {
            orders += 1
            return orders
        }
    }

    /// Somebody who answers when the test says so.
    private actor Door {
        private var visitors: [CheckedContinuation<Int, Never>] = []
        private var isOpen = false

        func enter() async -> Int {
            if isOpen { return 7 }
            return await withCheckedContinuation { visitors.append($0) }
        }

        func open() {
            isOpen = true
            for visitor in visitors { visitor.resume(returning: 7) }
            visitors = []
        }

        var isVisited: Bool { !visitors.isEmpty }
    }

    @Test("an actor that answers at once makes no difference")
    func actorCall() async {
        let shop = Shop()
        let pass = Pass.test { step in
            async let a = step.run("a") { 1 }
            let order = await shop.order()
            async let b = step.run("b") { order }
            return try await a + b
        }
        #expect(await pass.settled() == "a b")
        pass.unwind()
    }

    @Test("with no step pending the pass waits for it")
    func waits() async {
        let door = Door()
        let pass = Pass.test { step in
            let number = await door.enter()
            return try await step.run("a-\(number)") { 1 }
        }
        let standing = Task { await pass.settled() }
        while await !door.isVisited { await Task.yield() }
        await door.open()
        #expect(await standing.value == "a-7")
        pass.unwind()
    }

    @Test("with steps pending they are reported, and it goes on with the next call")
    func reports() async {
        let door = Door()
        let pass = Pass.test { step in
            async let a = step.run("a") { 1 }
            let number = await door.enter()
            return try await step.run("b-\(number)") { 1 } + a
        }
        #expect(await pass.settled() == "a")
        pass.park()
        await door.open()
        var results = Results()
        results.add("a", data: .int(1))
        #expect(await pass.settled(results) == "b-7")
        pass.unwind()
    }

    @Test("a wait that takes its time is told of, with the line before it")
    func warns() async throws {
        let door = Door()
        let lines = Lines()
        let pass = Pass.test(.test(.test(lines: lines))) { step in
            _ = try await step.run("a") { 1 }
            return await door.enter()
        }
        var results = Results()
        results.add("a", data: .int(1))
        let finished = results
        let standing = Task { await pass.settled(finished) }
        while lines.all.isEmpty { await Task.yield() }
        await door.open()
        #expect(await standing.value == "returned 7")
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("after=a, SDKTests/OutsideAwaitTests.swift:") == true)
    }

    @Test("a step in a task of its own is refused, and so is one inside another")
    func misplaced() async {
        let pass = Pass.test { step in
            let task = Task { try await step.run("elsewhere") { 1 } }
            do {
                return try await task.value
            } catch let error as MisplacedStepError {
                return error.step.count
            }
        }
        #expect(await pass.settled() == "returned 9")
        let nested = Pass.test { step in
            try await step.run("outer") { try await step.run("inner") { 1 } }
        }
        _ = await nested.settled()
        guard case .waiting(let calls) = await nested.settle() else { return #expect(Bool(false)) }
        guard case .threw(let error) = await nested.runBody(of: calls[0]) else { return #expect(Bool(false)) }
        #expect(error is MisplacedStepError)
        nested.unwind()
    }
}
