import Apus
import ApusCore
import Logging
import Synchronization

/// Stands between a function and the world: takes the place of bodies and of the network, and takes notes.
final class Recorder: CallWitness, HTTPTransport {
    struct Notes {
        var sent: [SentEvent] = []
        var signals: [SentSignal] = []
        /// Where steps are called.
        var lines: [StepID: SourceLine] = [:]
        /// How often bodies were tried.
        var attempts: [StepID: Int] = [:]
        /// Steps that were reported while a call went on.
        var reported: [Op] = []
        var failure: TestFailure?
        var lastStep: String?
    }

    let stubs: Stubs
    let settings: TestSettings
    let log = TestLog()
    let notes = Mutex(Notes())

    init(_ stubs: Stubs, _ settings: TestSettings) {
        self.stubs = stubs
        self.settings = settings
    }

    func fail(_ description: String) {
        notes.withLock { $0.failure = $0.failure ?? TestFailure(description) }
    }

    func line(of step: StepID) -> String {
        notes.withLock { $0.lines[step].map { " (\($0))" } ?? "" }
    }
}

// MARK: - Bodies

extension Recorder {
    func outcome(of step: StepCall, in context: RunContext) async -> BodyOutcome? {
        notes.withLock { notes in
            notes.attempts[step.id, default: 0] += 1
            notes.lines[step.id] = step.line
            notes.lastStep = "\(step.name), \(step.line)"
        }
        if let error = stubs.fault(of: step.name, attempt: context.attempt) { return .threw(error) }
        if let stub = stubs.stub(of: step.name, step.index) {
            guard case .body(let body) = stub.effect else {
                return refuse(
                    "\(stub.line) says what step \(step.name) waits for, but it runs code (\(step.line)): use mock(step:)"
                )
            }
            do {
                return .returned(try await body(StepAttempt(attempt: context.attempt, index: step.index)))
            } catch {
                return .threw(error)
            }
        }
        // What the SDK itself does: it sends to this recorder, or notes something.
        if step.order.options?.view["type"] != nil || step.name == "compensation" || !settings.onlyMocks { return nil }
        return refuse(
            """
            step \(step.name) would run (\(step.line)), and only mocks may: add \
            test.mock(step: "\(step.name)", returns: …)
            """)
    }

    private func refuse(_ description: String) -> BodyOutcome {
        fail(description)
        return .threw(NonRetriableError(description))
    }

    func reached(_ steps: [StepCall]) {
        notes.withLock { notes in
            for step in steps {
                notes.lines[step.id] = step.line
                notes.lastStep = "\(step.name), \(step.line)"
            }
        }
    }

    func changed(_ change: StepChange) {
        let instead = change.instead.map { "\($0.name) (\($0.line))" }.joined(separator: ", ")
        fail(
            """
            the function does not do the same each time: after \(change.after) it \
            \(instead.isEmpty ? "ended" : "asks for \(instead)") and not for what it asked for before. What differs from \
            one call to the next, such as times, random numbers or the state of objects, belongs in a step
            """)
    }
}

// MARK: - The network

extension Recorder {
    func send(_ request: TransportRequest) async throws -> TransportResponse {
        let path = request.url.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3)
        let body = (try? RawJSON(parsing: request.body)) ?? .null
        switch path.first {
        case "e":
            return answer(.object(["ids": .array(sent(body).map(RawJSON.string)), "status": .int(200)]))
        case "v1" where path.last == "signals":
            let signal = SentSignal(name: body.view["signal"]?.string ?? "", json: body.view["data"]?.raw ?? .null)
            notes.withLock { $0.signals.append(signal) }
            return answer(.object(["data": .object(["run_id": .string("")])]))
        case "v1" where path.last == "async":
            let steps = body.view["steps"]?.raw ?? .emptyArray
            let reply = RawReply(status: 206, headers: [("X-Inngest-SDK", "swift")], body: steps.bytes)
            if case .ops(let list) = AppReply.decode(reply, now: .epoch) {
                notes.withLock { $0.reported += list.ops }
            }
            return answer(.emptyObject)
        default:
            fail("the function asked the server for \(request.method) \(request.url), which no test answers")
            return TransportResponse(status: 404, body: [])
        }
    }

    private func answer(_ json: RawJSON) -> TransportResponse { TransportResponse(status: 200, body: json.bytes) }

    private func sent(_ body: RawJSON) -> [String] {
        let events = body.view.kind == .array ? Array(body.view.elements) : [body.view]
        return notes.withLock { notes in
            events.map { event in
                let number = String(notes.sent.count + 1)
                let made = "01J0000000EVENT" + String(repeating: "0", count: max(0, 11 - number.count)) + number
                let id = event["id"]?.string ?? made
                notes.sent.append(SentEvent(id: id, event))
                return id
            }
        }
    }
}

/// Keeps what is logged.
final class TestLog: Sendable {
    private let lines = Mutex<[LoggedLine]>([])

    var all: [LoggedLine] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "apus") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: TestLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let line = LoggedLine(
                level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }
            )
            log.lines.withLock { $0.append(line) }
        }
    }
}
