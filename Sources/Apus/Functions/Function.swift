import ApusCore

/// A function that can be served: a ``Function`` of whatever types.
public protocol Servable: Sendable {
    /// What it is.
    var definition: FunctionDefinition { get }
}

/// A durable function, made by ``Client``'s `function` methods.
///
/// Its types are those of what starts it and of what it returns, so that ``Step/invoke(_:_:_:within:file:line:)`` needs
/// no others.
public struct Function<Input: Encodable & Sendable, Output: Sendable>: Servable {
    /// What it is.
    public let definition: FunctionDefinition
    package let decodeOutput: @Sendable (JSONView) throws -> Output

    /// `<app>-<function>`, by which servers know it.
    public var slug: String { definition.slug }
}

/// What a function is, whatever its types.
public struct FunctionDefinition: Sendable {
    /// The app that it belongs to.
    package let client: Client
    /// `<app>-<function>`, by which servers know it.
    public let slug: String
    let name: String
    package let triggers: [RawJSON]
    package let fields: FunctionFields
    /// What is wrong with it.
    let problems: [String]
    let handler: @Sendable (Pass) async throws -> RawJSON
    let stalls = Stalls()
    /// The function that runs when this one has failed.
    package var onFailure: [FunctionDefinition] = []

    /// How often the server tries at most what does not succeed.
    package var maxAttempts: Int { (fields.retries ?? 4) + 1 }
    /// This one and those that come with it.
    package var all: [FunctionDefinition] { [self] + onFailure }
}

/// What starts a function whose input has no type of its own.
public struct Trigger: Sendable {
    let json: RawJSON

    /// An event by its name, which may end in `/*` or `.*`.
    /// - Parameter condition: an expression over `event` that must be true.
    public static func event(_ name: String, if condition: String? = nil) -> Trigger {
        Trigger(json: .object(["event": .string(name), "expression": condition.map(RawJSON.string)]))
    }

    /// A schedule, such as `TZ=Europe/Berlin 0 9 * * *`.
    /// - Parameter jitter: the most by which a run starts late.
    public static func cron(_ schedule: String, jitter: Duration? = nil) -> Trigger {
        Trigger(json: .object(["cron": .string(schedule), "jitter": jitter.map(RawJSON.duration)]))
    }
}

/// A run of a function that has failed, for good: what a failure handler is given.
public struct FunctionFailure<Input: Sendable>: Sendable {
    /// The type of what was thrown.
    public let name: String
    /// What was thrown, as a text.
    public let message: String
    /// More about it.
    public let stack: String?
    /// The run that has failed.
    public let runID: String
    /// What had started it.
    public let input: Input
}
