import Apus
import ApusCore
import Logging

/// A run that a test has made.
public struct TestRun<Output: Sendable>: Sendable {
    private let record: RunRecord
    private let decode: @Sendable (JSONView) throws -> Output

    init(_ record: RunRecord, decode: @escaping @Sendable (JSONView) throws -> Output) {
        self.record = record
        self.decode = decode
    }

    /// How it ended.
    public var status: RunStatus { record.status }
    /// What the function returned; `nil` when it failed or was cancelled.
    public var output: Output? { try? result() }
    /// What the function failed with.
    public var error: TestError? { record.error }

    /// What the function returned.
    /// - Throws: ``TestError`` when it failed, ``TestFailure`` when it was cancelled.
    public func result() throws -> Output {
        switch record.end {
        case .completed(let json): return try decode(json.view)
        case .failed(let error): throw TestError(json: error)
        case .cancelled: throw TestFailure("the run was cancelled")
        }
    }

    /// Its steps in the order in which the function reached them.
    public var steps: [TestStep] { record.steps }
    /// The first step of a name; one that the function did not reach has the outcome `notReached`.
    public subscript(name: String) -> TestStep { record.step(name) }
    /// How long it slept, all sleeps together.
    public var slept: Duration { record.slept }
    /// How long it took on the test's clock, with sleeps, waits, and the pauses before retries.
    public var duration: Duration { Duration(record.duration) }
    /// The events that it sent, and those of functions that it invoked.
    public var sent: [SentEvent] { record.sent }
    /// The signals that it sent.
    public var signals: [SentSignal] { record.signals }
    /// What the SDK and the function logged.
    public var logged: [LoggedLine] { record.logged }
    /// What was undone, in that order.
    public var compensated: [String] { record.compensated }
    /// The steps of the function that runs when this one has failed; `nil` when it did not run.
    public var failureHandler: [TestStep]? { record.failureHandler.first?.steps }
}

/// How a run ended.
public enum RunStatus: String, Sendable {
    /// The function returned.
    case completed
    /// It failed for good.
    case failed
    /// An event or its time limit ended it.
    case cancelled
}

/// An event that a function sent.
public struct SentEvent: Sendable {
    /// Its id: the sender's, or one that the test made up.
    public let id: String
    /// What it is called.
    public let name: String
    let data: RawJSON

    init(id: String, _ json: JSONView) {
        self.id = id
        name = json["name"]?.string ?? ""
        data = json["data"]?.raw ?? .emptyObject
    }

    /// Its data as a type.
    public func decode<Data: Decodable>(_ type: Data.Type = Data.self) throws -> Data {
        try Coding.decode(type, from: data.view)
    }
}

/// A signal that a function sent.
public struct SentSignal: Sendable {
    /// Its id.
    public let name: String
    let json: RawJSON

    /// What it carries, as a type.
    public func decode<Payload: Decodable>(_ type: Payload.Type = Payload.self) throws -> Payload {
        try Coding.decode(type, from: json.view)
    }
}

/// Something that was logged.
public struct LoggedLine: Sendable {
    /// How serious it is.
    public let level: Logger.Level
    /// What it says.
    public let message: String
    /// What belongs to it.
    public let metadata: [String: String]
}

/// A run, whatever the types of its function.
struct RunRecord: Sendable {
    enum End: Sendable {
        case completed(RawJSON)
        case failed(RawJSON)
        case cancelled
    }

    let end: End
    let steps: [TestStep]
    let duration: TimeSpan
    let sent: [SentEvent]
    let signals: [SentSignal]
    let logged: [LoggedLine]
    /// The run of the function that runs when this one has failed, if there is one.
    var failureHandler: [RunRecord] = []

    var status: RunStatus {
        switch end {
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    var error: TestError? {
        if case .failed(let json) = end { TestError(json: json) } else { nil }
    }

    func step(_ name: String) -> TestStep {
        steps.first { $0.name == name } ?? TestStep(name: name, index: 0)
    }

    var slept: Duration {
        steps.filter { $0.kind == .sleep }.reduce(.zero) { $0 + (($1.end ?? $1.start) - $1.start) }
    }

    var compensated: [String] {
        guard let mark = steps.firstIndex(where: { $0.name == "compensation" }) else { return [] }
        return steps[(mark + 1)...].filter { $0.outcome == .succeeded }.map(\.name)
    }

    /// What another run of the same function did differently.
    func difference(from other: RunRecord) -> String? {
        let (here, there) = (steps.map(\.name).sorted(), other.steps.map(\.name).sorted())
        if here != there { return "steps \(here.joined(separator: ", ")) are \(there.joined(separator: ", "))" }
        switch (end, other.end) {
        case (.completed(let here), .completed(let there)):
            return here == there ? nil : "it returns \(here) and then \(there)"
        case (.failed, .failed), (.cancelled, .cancelled): return nil
        default: return "it is \(status) and then \(other.status)"
        }
    }
}
