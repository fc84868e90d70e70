import ApusCore
import Testing

@testable import ApusEngine

/// A JSON value from its text.
func json(_ text: String) -> RawJSON {
    do {
        return try RawJSON(parsing: text)
    } catch {
        preconditionFailure("a test's JSON is wrong: \(text)")
    }
}

/// The step id that SDKs make of a user's id.
func id(_ name: String) -> StepID { .hashing(name) }

/// The texts of several step ids.
func ids(_ names: String...) -> [String] { names.map { id($0).description } }

// MARK: - Functions

func function(
    _ slug: String,
    on triggers: String...,
    retries: Int? = nil,
    filter: FunctionConfiguration.Filter = .every,
    cancelledBy cancellations: [FunctionConfiguration.Cancellation] = [],
    timeouts: FunctionConfiguration.Timeouts = FunctionConfiguration.Timeouts()
) -> FunctionConfiguration {
    FunctionConfiguration(
        slug: slug,
        name: slug,
        triggers: triggers.map { .event(name: $0, filter: filter) },
        stepURL: "http://app.test/api/inngest?fnId=\(slug)&stepId=step",
        retries: retries,
        cancellations: cancellations,
        timeouts: timeouts
    )
}

/// An event that cancels runs.
func cancelledBy(
    _ event: String, if condition: String? = nil, within period: TimeSpan = .days(365)
) -> FunctionConfiguration.Cancellation {
    FunctionConfiguration.Cancellation(event: event, condition: condition, period: .lasting(period))
}

// MARK: - Ops

func stepRun(_ name: String, _ data: String? = "null", race: Bool = false) -> Op {
    Op(kind: .stepRun, id: id(name), displayName: name, options: mode(race), data: data.map(json))
}

func planned(_ name: String, race: Bool = false) -> Op {
    Op(kind: .stepPlanned, id: id(name), displayName: name, options: mode(race))
}

func stepError(_ name: String, _ message: String = "boom") -> Op {
    Op(kind: .stepError, id: id(name), displayName: name, error: errorObject(message))
}

func stepFailed(_ name: String, _ message: String = "boom") -> Op {
    Op(kind: .stepFailed, id: id(name), displayName: name, error: errorObject(message))
}

func sleep(_ name: String, _ duration: String, race: Bool = false) -> Op {
    Op(kind: .sleep, id: id(name), name: duration, displayName: name, options: mode(race))
}

/// - Parameter options: further members of the op's options, as JSON text without braces.
func invoke(_ name: String, _ function: String, _ options: String = #""payload":{"data":{}}"#) -> Op {
    let members = [#""function_id":"\#(function)""#, options].filter { !$0.isEmpty }
    return Op(
        kind: .invokeFunction,
        id: id(name),
        displayName: name,
        options: json("{\(members.joined(separator: ","))}")
    )
}

/// - Parameter options: further members of the op's options, as JSON text without braces.
func waitForEvent(_ name: String, _ event: String, timeout: String = "1h", _ options: String = "") -> Op {
    let members = [#""event":"\#(event)""#, #""timeout":"\#(timeout)""#, options].filter { !$0.isEmpty }
    return Op(
        kind: .waitForEvent, id: id(name), displayName: name, options: json("{\(members.joined(separator: ","))}")
    )
}

func waitForSignal(_ name: String, _ signal: String, timeout: String = "1h", conflict: String = "") -> Op {
    let conflict = conflict.isEmpty ? "" : #","conflict":"\#(conflict)""#
    return Op(
        kind: .waitForSignal, id: id(name), displayName: name,
        options: json(#"{"signal":"\#(signal)","timeout":"\#(timeout)"\#(conflict)}"#)
    )
}

func runComplete(_ data: String?) -> Op {
    Op(kind: .runComplete, id: id("complete"), data: data.map(json))
}

func op(_ kind: Op.Kind, _ name: String = "") -> Op {
    Op(kind: kind, id: name.isEmpty ? .none : id(name), displayName: name)
}

private func mode(_ race: Bool) -> RawJSON? {
    race ? json(#"{"parallelMode":"race"}"#) : nil
}

private func errorObject(_ message: String) -> RawJSON {
    json(#"{"message":"\#(message)","name":"E"}"#)
}

extension StepID {
    /// The id of ops that concern no step.
    static let none: StepID = {
        guard let id = StepID("") else { preconditionFailure("the empty text is a step id") }
        return id
    }()
}

// MARK: - Failures

extension AttemptFailure {
    /// What an app's 500 with an error object becomes.
    static let status500 = AttemptFailure(
        body: json(#"{"message":"m","name":"E","stack":"at f"}"#),
        cause: "invalid status code: 500"
    )

    /// The same with `X-Inngest-No-Retry: true`.
    static let final = AttemptFailure(
        body: json(#"{"message":"m","name":"E"}"#),
        cause: "NonRetriableError",
        isFinal: true
    )

    /// A 2xx that no SDK wrote.
    static let notSDK = AttemptFailure.noticed(
        name: "not_sdk",
        message: "The response did not come from an Inngest SDK"
    )
}

// MARK: - Reading calls

extension OutgoingCall {
    var json: JSONView {
        do {
            return try RawJSON(parsing: body).view
        } catch {
            preconditionFailure("a call's body is not JSON: \(String(decoding: body, as: UTF8.self))")
        }
    }

    var context: JSONView? { json["ctx"] }
    var attempt: Int64? { context?["attempt"]?.int }
    var generation: Int64? { context?["generation_id"]?.int }
    var isPlanning: Bool? { context?["disable_immediate_execution"]?.bool }
    /// `stack.current`
    var position: Int64? { context?["stack"]?["current"]?.int }
    var stack: [String] { context?["stack"]?["stack"]?.elements.compactMap(\.string) ?? [] }
    /// The ids of the steps whose memos the call carries, in their order in the body.
    var memoized: [String] { json["steps"]?.members.compactMap(\.key.string) ?? [] }

    func memo(_ name: String) -> String? {
        json["steps"]?[StepID.hashing(name).description]?.raw.description
    }

    var summary: String {
        let target = stepID == "step" ? "discovery" : String(stepID.prefix(6))
        return "\(target) of run \(id.run), attempt \(attempt ?? -1), generation \(id.generation)"
    }
}

// MARK: - Reading runs

extension Run {
    func memo(_ name: String) -> String? {
        memos[StepID.hashing(name)]?.description
    }

    /// What the run ended with.
    var output: String? { end?.output?.json.description }
}

extension StoredShard {
    /// How many entries of a run's journal match.
    func count(of run: Run, where matches: (JournalEntry) -> Bool) -> Int {
        (turns[run.row] ?? []).reduce(0) { $0 + $1.entries.filter(matches).count }
    }
}

extension Registry {
    /// The functions that an event of the name starts.
    func functions(startedBy name: String, data: RawJSON = .emptyObject) -> [FunctionRecord] {
        let event = IncomingEvent(name: name, data: data)
        let stored = event.storedBody(internalID: ULID(high: 0, low: 1), receivedAt: CoreHarness.start)
        return functions(startedBy: event, stored: stored, now: CoreHarness.start)
    }
}
