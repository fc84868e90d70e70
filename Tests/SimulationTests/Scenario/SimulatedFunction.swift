import ApusCore
import ApusEngine

/// A function of an app, and what its app says of it.
struct SimulatedFunction {
    var app: Int
    var slug: String
    /// The name of the events that start it, or a pattern; `nil` when it can only be invoked.
    var event: String?
    /// Which of them do.
    var filter = Filter.every
    var retries: Int?
    var cancellations: [SimulatedCancellation] = []
    /// By version of its app, over and over; empty for none.
    var timeouts: [FunctionConfiguration.Timeouts] = []
    /// The same for flow control.
    var flows: [FlowControl] = []
    /// Expressions of its cron triggers, by version of its app, over and over; empty for none.
    var crons: [[String]] = []
    var jitter: String?
    var program: Program

    enum Filter {
        case every
        /// Failures of this function.
        case failureOf(String)
        case condition(Condition)
    }

    func triggers(version: Int) -> [FunctionConfiguration.Trigger] {
        guard let event else {
            guard !crons.isEmpty else { return [] }
            return crons[(version - 1) % crons.count].map { .cron(schedule: $0, jitter: jitter) }
        }
        return switch filter {
        case .every: [.event(name: event, filter: .every)]
        case .failureOf(let slug): [.event(name: event, filter: .functionID(slug))]
        case .condition(let condition): [.event(name: event, filter: .expression(condition.text))]
        }
    }

    func timeouts(version: Int) -> FunctionConfiguration.Timeouts {
        timeouts.isEmpty ? FunctionConfiguration.Timeouts() : timeouts[(version - 1) % timeouts.count]
    }

    func flow(version: Int) -> FlowControl {
        flows.isEmpty ? .none : flows[(version - 1) % flows.count]
    }

    /// Whether events of this name are what the function listens to, whatever they hold.
    func listens(to name: String) -> Bool {
        guard let event else { return false }
        return event == name || event.hasSuffix("/*") && name.hasPrefix(event.dropLast())
    }

    /// Whether an event that somebody sends starts the function.
    func isStarted(by event: SimulatedEvent) -> Bool {
        guard listens(to: event.name) else { return false }
        return switch filter {
        case .every: true
        case .failureOf: false
        case .condition(let condition): condition.holds(own: event.fields, other: EventFields())
        }
    }
}

/// An event that cancels the runs of a function.
struct SimulatedCancellation {
    var event: String
    var condition: Condition?
    /// Milliseconds from the run's creation.
    var period: Int64

    var registered: FunctionConfiguration.Cancellation {
        FunctionConfiguration.Cancellation(
            event: event, condition: condition?.text, period: .lasting(.milliseconds(period))
        )
    }
}
