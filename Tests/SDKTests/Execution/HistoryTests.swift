import ApusCore
import Testing

@testable import Apus

@Suite("Results of a run's steps")
struct HistoryTests {
    @Test("they have the order of the stack, and those that it lacks come last")
    func order() {
        var results = Results()
        let names = (0..<50).map { "step-\($0)" }
        for name in names { results.add(name, data: .string(name)) }
        let stack = RawJSON.array(results.stack.prefix(40).map { .string($0.description) } + [.string("gone")])
        let history = History(steps: results.steps.view, stack: stack.view)
        #expect(history.entries.prefix(40).map(\.id) == Array(results.stack.prefix(40)))
        #expect(Set(history.entries.suffix(10).map(\.id)) == Set(results.stack.suffix(10)))
        for (position, entry) in history.entries.enumerated() {
            #expect(history.position(of: entry.id) == position)
        }
        #expect(history.position(of: .hashing("other")) == nil)
        #expect(History(steps: results.steps.view, stack: nil).entries.count == 50)
    }

    @Test("a result that is added is found, a second one of the same step is not taken")
    func appended() {
        var results = Results()
        for name in ["b", "a", "c"] { results.add(name, data: .int(1)) }
        var history = results.history
        let names = ["d", "e", "f", "a"]
        for name in names { history.append(.hashing(name), RawJSON.int(2).view) }
        #expect(history.entries.map(\.id) == ["b", "a", "c", "d", "e", "f"].map { StepID.hashing($0) })
        for (position, entry) in history.entries.enumerated() { #expect(history.position(of: entry.id) == position) }
        var empty = History()
        empty.append(.hashing("a"), RawJSON.null.view)
        #expect(empty.position(of: .hashing("a")) == 0)
    }

    @Test("an edited input is no result, and ids of any form are found")
    func odd() {
        let long = "ZZ-custom"
        let steps = RawJSON.object([
            StepID.hashing("a").description: .object(["input": .emptyArray]), long: .object(["data": .int(1)]),
            "0": .object(["data": .object(["input": .int(1)])]),
            StepID.hashing("b").description: .object(["input": .int(1), "data": .int(2)]),
        ])
        let history = History(steps: steps.view, stack: RawJSON.emptyArray.view)
        #expect(history.entries.count == 3)
        #expect(history.position(of: .hashing("a")) == nil)
        #expect(StepID(long).flatMap { history.position(of: $0) } != nil)
        #expect(StepID("0").flatMap { history.position(of: $0) } != nil)
        #expect(history.position(of: .hashing("b")) != nil)
    }

    @Test("the digest is that of the beginning")
    func digest() {
        var results = Results()
        results.add("a", data: .int(1))
        let short = results.history
        results.add("b", data: .int(1))
        #expect(results.history.digest(ofFirst: 1) == short.digest(ofFirst: 1))
        #expect(results.history.digest(ofFirst: 2) != short.digest(ofFirst: 1))
    }
}
