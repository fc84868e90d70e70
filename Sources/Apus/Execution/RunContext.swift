import ApusCore
import Logging

/// What is known of the run and of the call that it is in: ``Step/context``.
public struct RunContext: Sendable {
    /// The run.
    public let runID: String
    /// The function, `<app>-<function>`.
    public let functionID: String
    /// How often what is done now was tried before: 0 at first, and again after every step.
    public let attempt: Int
    /// How often it is tried at most; `nil` when the server does not say.
    public let maxAttempts: Int?
    /// All events of a batch; else the one event.
    public let events: [ReceivedEvent]
    let client: Client
    let stalls: Stalls

    /// The event that started the run; of a batch the first.
    public var event: ReceivedEvent { events.first ?? ReceivedEvent(RawJSON.emptyObject.view) }

    /// Says the run, the function and the attempt with every line.
    public var logger: Logger {
        var logger = client.settings.logger
        logger[metadataKey: "run"] = "\(runID)"
        logger[metadataKey: "function"] = "\(functionID)"
        logger[metadataKey: "attempt"] = "\(attempt)"
        return logger
    }

    /// Whether nothing is tried again after this attempt.
    public var isLastAttempt: Bool { maxAttempts.map { attempt + 1 >= $0 } ?? false }
}
