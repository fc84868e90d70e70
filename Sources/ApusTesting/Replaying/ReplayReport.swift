import Apus
import ApusCore

/// What a replay has shown.
public struct ReplayReport: Sendable, CustomStringConvertible {
    /// The run.
    public let run: String
    /// Its function.
    public let function: String
    /// What had become of the run, `Completed`.
    public let status: String
    /// How many steps of the history have a result.
    public let steps: Int
    /// Where the code does something else; `nil` when it does not.
    public let divergence: Divergence?
    /// Whether the code returns something else than the run did. That is no divergence, since it harms no run.
    public let hasOtherOutput: Bool
    /// What the SDK and the function logged.
    public let logged: [LoggedLine]

    /// Whether the code does what the run did.
    public var isSame: Bool { divergence == nil }

    /// What happened, with the place in the history and the line in the code.
    public var description: String {
        guard let divergence else {
            let other = hasOtherOutput ? ", but returns something else" : ""
            return "run \(run) of \(function) replays the same: \(steps) steps\(other)"
        }
        return "run \(run) of \(function) diverges \(divergence)"
    }

    /// A step of the history.
    public struct HistoryStep: Sendable {
        /// Its place among those that have finished, from 1.
        public let position: Int
        /// What the function called it.
        public let name: String
        /// What it did, `run`; empty when it was under way.
        public let kind: String
    }

    /// A step that the code asks for.
    public struct AskedStep: Sendable, CustomStringConvertible {
        /// What the function calls it.
        public let name: String
        /// What it does, `run`.
        public let kind: String
        /// Where it is called, `App/Onboard.swift:12`.
        public let line: String

        init(_ step: StepCall) {
            name = step.name
            kind = ReplayReport.kind(step.order.kind)
            line = step.line.description
        }

        /// For example `sleep cool-down (App/Onboard.swift:12)`.
        public var description: String { "\(kind) \(name) (\(line))" }
    }

    /// Where the code does something else than the run did.
    public struct Divergence: Sendable, CustomStringConvertible {
        /// What the code does.
        public enum Instead: Sendable {
            /// It asks for these steps and not for the expected one.
            case asksForOthers([AskedStep])
            /// The step of that name does something else.
            case isAnotherKind(AskedStep)
            /// It returns this.
            case returns(String)
            /// It throws this.
            case throwsError(String)
        }

        /// The step of the history that the code does not reach; `nil` when all of them are reached and it does
        /// something else afterwards.
        public let expected: HistoryStep?
        /// The last step whose result the code has got, with its line.
        public let after: String
        /// What the code does.
        public let instead: Instead

        init(_ expected: HistoryStep?, _ replay: HistoryReplay, _ instead: Instead) {
            self.expected = expected
            after = replay.lastStep
            self.instead = instead
        }

        /// All of it in a sentence.
        public var description: String {
            var place = "after the end of the history"
            if let expected {
                let kind = expected.kind.isEmpty ? "under way" : expected.kind
                place = "at step \(expected.position) of the history, \(expected.name) (\(kind))"
            }
            switch instead {
            case .asksForOthers(let steps):
                let list = steps.map(\.description).joined(separator: ", ")
                return "\(place): the code asks for \(list) instead; it got as far as \(after)"
            case .isAnotherKind(let step):
                return "\(place): in the code it is \(step)"
            case .returns(let output):
                return "\(place): the code returns \(output.prefix(200)) instead; it got as far as \(after)"
            case .throwsError(let error):
                return "\(place): the code throws \(error.prefix(400)) instead; it got as far as \(after)"
            }
        }
    }

    /// As the journal calls it.
    static func kind(_ kind: Op.Kind) -> String {
        switch kind {
        case .sleep: "sleep"
        case .waitForEvent: "waitForEvent"
        case .waitForSignal: "waitForSignal"
        case .invokeFunction: "invoke"
        case .gateway: "gateway"
        case .aiGateway: "aiGateway"
        default: "run"
        }
    }
}
