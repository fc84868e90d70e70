/// Thrown where trying again is useless: in a step it fails the step at once, in a function the run.
public struct NonRetriableError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// Because of which other error.
    public let cause: (any Error)?

    /// Says what is wrong.
    public init(_ message: String, cause: (any Error)? = nil) {
        self.message = message
        self.cause = cause
    }

    /// The same as ``message``.
    public var description: String { message }
}

/// Thrown where trying again is useless before some time has passed.
public struct RetryAfterError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// When to try again, from now; the server takes one second to a day.
    public let delay: Duration

    /// Says what is wrong and when to try again.
    public init(_ message: String, after delay: Duration) {
        self.message = message
        self.delay = delay
    }

    /// The same as ``message``.
    public var description: String { message }
}

/// Thrown from every step of a handler that has to go away: it was kept between two calls of its run, and is needed no
/// more. The run itself goes on, in a new handler.
///
/// Let it pass. Code that catches it runs to its end without any step, and its result is thrown away.
public struct RunUnwound: Error, Sendable, CustomStringConvertible {
    /// What it means.
    public var description: String { "the handler was unwound; its run goes on in another one" }
}

/// A step was called where none can be: inside another step, or in a task that is not the function's own.
public struct MisplacedStepError: Error, Sendable, CustomStringConvertible {
    /// The step.
    public let step: String

    /// What is wrong and how it is mended.
    public var description: String {
        """
        step \(step) was called inside another step, or in a task that is not the function's own; steps run side by \
        side with async let and task groups, not with Task { }
        """
    }
}

/// The result of a step cannot be read as what the function expects: its type has changed since the step ran.
public struct StepResultError: Error, Sendable, CustomStringConvertible {
    /// The step.
    public let step: String
    /// What does not fit.
    public let reason: String

    /// Which step, and what does not fit.
    public var description: String { "the result of step \(step) is not what the function expects: \(reason)" }
}

/// Something in the definition of a function or of a step cannot be.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    /// The same as ``message``.
    public var description: String { message }
}
