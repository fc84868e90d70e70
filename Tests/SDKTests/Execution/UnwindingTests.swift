import ApusCore
import Synchronization
import Testing

@testable import Apus

@Suite("Handlers that go away")
struct UnwindingTests {
    @Test("every step throws, also those called later, so that try? and catch cannot go on")
    func refused() async {
        let ran = Counter()
        let errors = Mutex<[String]>([])
        let ended = Counter()
        let pass = Pass.test { step in
            var seen: [String] = []
            do { _ = try await step.run("a") { ran.increase() } } catch { seen.append("\(type(of: error))") }
            if (try? await step.run("b") { ran.increase() }) == nil { seen.append("nothing") }
            do { try await step.sleep("c", for: .seconds(1)) } catch { seen.append("\(type(of: error))") }
            let all = seen
            errors.withLock { $0 = all }
            ended.increase()
            return 1
        }
        _ = await pass.settled()
        pass.unwind()
        while ended.count == 0 { await Task.yield() }
        #expect(errors.withLock { $0 } == ["RunUnwound", "nothing", "RunUnwound"])
        #expect(ran.count == 0)
    }

    @Test("the pending steps of all branches throw")
    func branches() async {
        let thrown = Counter()
        let pass = Pass.test { step in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<10 {
                    group.addTask {
                        do { _ = try await step.run("\(index)") { 1 } } catch is RunUnwound { thrown.increase() } catch
                        {}
                    }
                }
            }
            return 1
        }
        _ = await pass.settled()
        pass.unwind()
        while thrown.count < 10 { await Task.yield() }
    }

    @Test("a loop that catches what steps throw is stopped")
    func endless() async {
        let turns = Counter()
        let lines = Lines()
        let pass = Pass.test(.test(.test(lines: lines))) { step in
            while true {
                _ = try? await step.run("a") { 1 }
                turns.increase()
            }
        }
        _ = await pass.settled()
        pass.unwind()
        while lines.all.isEmpty { await Task.yield() }
        #expect(turns.count == 1_001)
        #expect(lines.all.count == 1)
    }

    @Test("of more handlers than are kept the oldest go")
    func bounded() async {
        let kept = KeptHandlers(limit: 2)
        let gone = Counter()
        for index in 0..<5 {
            let pass = Pass.test { step in
                do { return try await step.run("a") { 1 } } catch {
                    gone.increase()
                    throw error
                }
            }
            _ = await pass.settled()
            pass.park()
            kept.keep(pass, of: "run-\(index)")
        }
        while gone.count < 3 { await Task.yield() }
        #expect(kept.count == 2)
        #expect(kept.take("run-2") == nil)
        let last = kept.take("run-4")
        #expect(last != nil)
        last?.unwind()
        kept.removeAll()
        while gone.count < 5 { await Task.yield() }
    }
}
