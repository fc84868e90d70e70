import ApusCore
import Synchronization
import Testing

@testable import Apus

@Suite("Middleware")
struct MiddlewareTests {
    private final class Notes: Sendable {
        private let notes = Mutex<[String]>([])
        var all: [String] { notes.withLock { $0 } }
        func add(_ note: String) { notes.withLock { $0.append(note) } }
    }

    private struct Noting: Middleware {
        let name: String
        let notes: Notes

        func willRun(_ step: StepInfo) async { notes.add("\(name) before \(step.name)") }
        func didRun(_ step: StepInfo, error: (any Error)?) async {
            notes.add("\(name) after \(step.name)\(error.map { " \($0)" } ?? "")")
        }
    }

    /// Puts everything into a box.
    private struct Boxing: Middleware {
        let name: String

        func outgoing(_ value: JSON) throws -> JSON { [name: value] }
        func incoming(_ value: JSON) throws -> JSON { value[name] ?? .null }
    }

    @Test("it sees the steps that run, in order, and what they threw")
    func steps() async {
        let notes = Notes()
        let client = Client.test { $0.middleware = [Noting(name: "a", notes: notes), Noting(name: "b", notes: notes)] }
        let function = client.function("function", on: SignedUp.self) { _, step in
            _ = try await step.run("one") { 1 }
            _ = try await step.run("two") { throw NonRetriableError("no") }
        }
        let endpoint = Endpoint(client, functions: [function])
        var call = TestCall()
        _ = await endpoint.answer(call)
        call.results.add("one", data: .int(1))
        _ = await endpoint.answer(call)
        #expect(
            notes.all == [
                "a before one", "b before one", "b after one", "a after one", "a before two", "b before two",
                "b after two no", "a after two no",
            ])
    }

    @Test("what goes out comes back as it was")
    func values() async {
        let client = Client.test { $0.middleware = [Boxing(name: "in"), Boxing(name: "out")] }
        let function = client.function("function", on: SignedUp.self) { _, step in
            try await step.run("one") { 1 } + 1
        }
        let endpoint = Endpoint(client, functions: [function])
        var call = TestCall()
        let reply = await endpoint.answer(call)
        #expect("\(reply)" == #"206 StepRun:one={"out":{"in":1}}"#)
        call.results.add("one", data: reply.json[0]?["data"]?.raw ?? .null)
        #expect("\(await endpoint.answer(call))" == #"200 {"out":{"in":2}}"#)
    }
}
