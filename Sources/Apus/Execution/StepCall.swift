import ApusCore

/// A step that a handler has reached and whose result it needs.
struct StepCall: Sendable {
    /// The key under which the server keeps its result.
    let id: StepID
    /// What the user calls it.
    let name: String
    /// How many steps of the same name came before it.
    let index: Int
    /// Where it is called.
    let line: SourceLine
    /// What it asks the server for.
    var order: StepOrder
}

/// What a step that has no result yet asks for.
struct StepOrder: Sendable {
    /// The op that asks for it.
    var kind: Op.Kind
    /// What the op's `name` says: a duration, an event; the step's name if `nil`.
    var subject: String?
    /// The op's options.
    var options: RawJSON?

    /// A body that runs here.
    static let body = StepOrder(kind: .stepRun)

    /// Whether the step is a body that runs here, rather than something that the server does.
    var runsHere: Bool { kind == .stepRun }
}

/// A line of the user's code.
struct SourceLine: Sendable, CustomStringConvertible {
    let file: String
    let line: Int

    var description: String { "\(file):\(line)" }
}

/// What a waiting step is told.
enum StepSignal: Sendable {
    /// Its result, as the server has it.
    case memo(JSONView)
    /// To run its body.
    case run
    /// That the handler goes away.
    case unwind
    /// That its task was cancelled by the handler itself.
    case cancel
}

/// What became of a step's body.
enum BodyOutcome: Sendable {
    case returned(RawJSON)
    case threw(any Error)
}
