import ApusCEL
import ApusCore

/// `step.waitForEvent`, understood.
struct EventWait {
    var step: StepID
    var event: String
    var condition: Expression?
    var deadline: Timestamp
    /// How far before the wait an event may have been received.
    var lookBack: TimeSpan
    var label: StepLabel
    var isRace: Bool

    init(_ op: Op, now: Timestamp) throws(InstructionError) {
        let options = op.options?.view
        let event = options?["event"]?.string ?? ""
        self.event = event.isEmpty ? op.name : event
        guard !self.event.isEmpty else { throw InstructionError(.noticed(message: "WaitForEvent names no event.")) }
        step = op.id
        label = StepLabel(name: op.displayName, kind: .waitForEvent)
        isRace = op.isRace
        deadline = try WaitDeadline.parse(options?["timeout"]?.string ?? "", of: "wait-for-event", now: now)
        lookBack = try EventWait.lookBack(options?["lookback"]?.string ?? "")
        condition = try EventWait.condition(options?["if"]?.string ?? "")
    }

    private static func condition(_ text: String) throws(InstructionError) -> Expression? {
        guard !text.isEmpty else { return nil }
        do {
            return try Expression(text, role: .wait)
        } catch {
            throw InstructionError(
                .noticed(
                    name: "InvalidExpression",
                    message: "Wait for event If expression failed to compile: \(error)",
                    isFinal: true
                )
            )
        }
    }

    private static func lookBack(_ text: String) throws(InstructionError) -> TimeSpan {
        guard !text.isEmpty else { return .zero }
        do {
            return min(max(try TimeSpan(parsing: text), .zero), EventWait.longestLookBack)
        } catch {
            throw InstructionError(.noticed(message: "lookback: \(error)"))
        }
    }

    /// The farthest that a wait looks back.
    static let longestLookBack = TimeSpan.hours(24)
}

/// `step.waitForSignal`, understood.
struct SignalWait {
    var step: StepID
    var signal: String
    /// Whether it takes the place of an older wait for the signal, instead of failing its run.
    var replaces: Bool
    var deadline: Timestamp
    var label: StepLabel
    var isRace: Bool

    /// Bytes of a signal's name.
    static let longestName = 1_024
    /// A wait that names no timeout is given up after a year.
    private static let defaultTimeout = TimeSpan.days(365)

    init(_ op: Op, now: Timestamp) throws(InstructionError) {
        let options = op.options?.view
        let signal = options?["signal"]?.string ?? ""
        self.signal = signal.isEmpty ? op.name : signal
        guard !self.signal.isEmpty else { throw InstructionError(.noticed(message: "WaitForSignal names no signal.")) }
        guard self.signal.utf8.count <= SignalWait.longestName else {
            throw InstructionError(
                .noticed(message: "The signal's name is longer than \(SignalWait.longestName) bytes.", isFinal: true)
            )
        }
        step = op.id
        label = StepLabel(name: op.displayName, kind: .waitForSignal)
        isRace = op.isRace
        switch options?["conflict"]?.string ?? "" {
        case "", "fail": replaces = false
        case "replace": replaces = true
        case let other:
            throw InstructionError(.noticed(message: "conflict is \(other.prefix(40)), not fail or replace."))
        }
        let timeout = options?["timeout"]?.string ?? ""
        deadline =
            timeout.isEmpty
            ? now + SignalWait.defaultTimeout : try WaitDeadline.parse(timeout, of: "wait-for-signal", now: now)
    }
}

/// When a wait is given up.
enum WaitDeadline {
    /// - Parameter text: a duration or a date; nothing means at once.
    static func parse(_ text: String, of kind: String, now: Timestamp) throws(InstructionError) -> Timestamp {
        do {
            return try SleepUntil.parse(text, now: now)
        } catch .tooLong {
            throw InstructionError(
                .noticed(
                    name: "InngestErrTimeoutTooLong",
                    message: "The \(kind) timeout \(QuotedText.quote(text)) expires more than one year in the future; "
                        + "timeouts may last at most one year.",
                    isFinal: true
                )
            )
        } catch {
            throw InstructionError(error)
        }
    }
}
