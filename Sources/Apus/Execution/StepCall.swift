import ApusCore

/// A step that a handler has reached and whose result it needs.
///
/// One object, so that a handler that is kept holds it once and not in each of its frames.
package final class StepCall: Sendable {
    /// The key under which the server keeps its result.
    package let id: StepID
    /// What the user calls it.
    package let name: String
    /// How many steps of the same name came before it.
    package let index: Int
    /// Where it is called.
    package let line: SourceLine
    /// What it asks the server for.
    package let order: StepOrder

    init(id: StepID, name: String, index: Int, line: SourceLine, order: StepOrder) {
        self.id = id
        self.name = name
        self.index = index
        self.line = line
        self.order = order
    }
}

/// What a step that has no result yet asks for.
package struct StepOrder: Sendable {
    /// The op that asks for it.
    package var kind: Op.Kind
    /// What the op's `name` says: a duration, an event; the step's name if `nil`.
    package var subject: String?
    /// The op's options.
    package var options: RawJSON?

    /// A body that runs here.
    static let body = StepOrder(kind: .stepRun)

    /// Whether the step is a body that runs here, rather than something that the server does.
    var runsHere: Bool { kind == .stepRun }
}

/// A line of the user's code.
package struct SourceLine: Sendable, CustomStringConvertible {
    package let file: String
    package let line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    package var description: String { "\(file):\(line)" }
}

/// What a waiting step is told.
enum StepSignal: Sendable {
    /// Its result, as the server has it.
    case memo(JSONView)
    /// To run its body.
    case run(on: BodyExecutor)
    /// That the handler goes away.
    case unwind
    /// That its task was cancelled by the handler itself.
    case cancel
}

/// What became of a step's body.
package enum BodyOutcome: Sendable {
    case returned(RawJSON)
    case threw(any Error)
}
