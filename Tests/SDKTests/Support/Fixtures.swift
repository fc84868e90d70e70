import ApusCore
import Logging
import Synchronization

@testable import Apus

struct SignedUp: Event, Equatable {
    static let name = "user/signed-up"
    var userID = "u1"
    var email = "a@b.c"
}

/// A server of whose answers the test decides.
final class FakeTransport: HTTPTransport {
    private let answers: @Sendable (TransportRequest) throws -> TransportResponse
    private let seen = Mutex<[TransportRequest]>([])

    init(_ answers: @escaping @Sendable (TransportRequest) throws -> TransportResponse) {
        self.answers = answers
    }

    var requests: [TransportRequest] { seen.withLock { $0 } }

    func send(_ request: TransportRequest) async throws -> TransportResponse {
        seen.withLock { $0.append(request) }
        return try answers(request)
    }

    static let silent = FakeTransport { _ in TransportResponse(status: 200, body: []) }
}

/// What was logged.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted().joined(separator: " ")
            lines.lines.withLock { $0.append("\(event.message) \(more)") }
        }
    }
}

/// Counts, from any task.
final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    @discardableResult
    func increase() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}

extension Client {
    static func test(
        transport: FakeTransport = .silent, lines: Lines = Lines(), _ change: (inout ClientSettings) -> Void = { _ in }
    ) -> Client {
        var settings = ClientSettings.development()
        settings.checkpoints = .off
        settings.logger = lines.logger
        change(&settings)
        return Client(appID: "test", settings: settings, transport: transport)
    }
}

extension RunContext {
    static func test(_ client: Client = .test(), attempt: Int = 0, maxAttempts: Int? = 5) -> RunContext {
        let event = RawJSON.object([
            "data": .object(["userID": .string("u1"), "email": .string("a@b.c")]), "name": .string("user/signed-up"),
        ])
        return RunContext(
            runID: "run", functionID: "test-function", attempt: attempt, maxAttempts: maxAttempts,
            events: [ReceivedEvent(event.view)], client: client, stalls: Stalls()
        )
    }
}

/// Results of steps in the order in which they finished.
struct Results {
    private(set) var stack: [StepID] = []
    private var memos: [StepID: RawJSON] = [:]

    mutating func add(_ id: StepID, _ memo: RawJSON) {
        stack.append(id)
        memos[id] = memo
    }

    mutating func add(_ name: String, index: Int = 0, data: RawJSON) {
        add(.hashing(name, index: index), .object(["data": data]))
    }

    var steps: RawJSON { .object(memos.map { ($0.key.description, $0.value) }) }
    var stackJSON: RawJSON { .array(stack.map { .string($0.description) }) }
    var history: History { History(steps: steps.view, stack: stackJSON.view) }
}

extension Pass {
    static func test(
        _ context: RunContext = .test(), _ handler: @escaping @Sendable (Step) async throws -> Int
    ) -> Pass {
        Pass(context) { .int(Int64(try await handler(Step(pass: $0)))) }
    }

    func settled(_ results: Results = Results(), target: StepID? = nil) async -> String {
        take(results.history, context: context, target: target)
        return await settle().summary
    }
}

extension Pass.Standing {
    /// What can be compared.
    var summary: String {
        switch self {
        case .finished(.success(let result)): "returned \(result)"
        case .finished(.failure(let error)): "threw \(error)"
        case .target(let call): "target \(call.name)"
        case .waiting(let calls):
            calls.map { $0.index == 0 ? $0.name : "\($0.name):\($0.index)" }.joined(separator: " ")
        }
    }
}

extension ClientSettings.Checkpoints {
    /// However slow the machine is.
    static let endless = ClientSettings.Checkpoints(longestCall: .hours(24))
}
