import ApusCore

/// An option of a function: when, in which order and how often its runs start and are called.
///
/// Keys are properties of the event, which become expressions that the server evaluates; each has a form that takes the
/// expression itself. A property of which no expression can be made is reported when the app registers.
public struct FunctionOption<Input>: Sendable {
    /// Adds the option to a registration; throws when it cannot be.
    let apply: @Sendable (inout FunctionFields) throws -> Void

    /// Whose calls or runs count together.
    public enum Scope: String, Sendable {
        /// Those of the function.
        case function = "fn"
        /// Those of all functions of the environment with the same key.
        case environment = "env"
        /// Those of all functions of the account with the same key.
        case account
    }

    /// What becomes of a new run while one lives.
    public enum SingletonMode: String, Sendable {
        /// It does not start.
        case skip
        /// It starts, and the old one is cancelled.
        case cancel
    }
}

/// The options of a function as they are registered.
package struct FunctionFields: Sendable {
    package var options: [String: RawJSON] = [:]
    var steps: [RawJSON] = []
    var runs: [RawJSON] = []
    package var cancellations: [RawJSON] = []
    package var retries: Int?
    /// Makes the function that runs when this one has failed, from its app, slug and name.
    var onFailure: (@Sendable (_ client: Client, _ slug: String, _ name: String) -> FunctionDefinition)?

    mutating func set(_ name: String, _ members: KeyValuePairs<String, RawJSON?>) {
        options[name] = .object(members)
    }

    /// All of them, with the lists.
    var all: [String: RawJSON] {
        var all = options
        if !steps.isEmpty || !runs.isEmpty {
            all["concurrency"] =
                runs.isEmpty
                ? .array(steps) : .object(["fn": .array(runs), "step": steps.isEmpty ? nil : .array(steps)])
        }
        if !cancellations.isEmpty { all["cancel"] = .array(cancellations) }
        return all
    }
}

// MARK: - Retries and times

extension FunctionOption {
    /// How often a step, or what is outside of steps, is tried again; 0 to 20, and 4 if not said.
    public static func retries(_ count: Int) -> Self {
        Self { $0.retries = count }
    }

    /// Cancels a run that has not started, or not finished, in time.
    /// - Parameters:
    ///   - start: from the run's creation to its first call.
    ///   - finish: from the first call to the end.
    public static func timeouts(start: Duration? = nil, finish: Duration? = nil) -> Self {
        Self { $0.set("timeouts", ["start": start.map(RawJSON.duration), "finish": finish.map(RawJSON.duration)]) }
    }

    /// Cancels the run when an event is sent after it was created.
    /// - Parameters:
    ///   - condition: an expression that must be true, over `event`, which started the run, and `async`.
    ///   - timeout: for how long the run can be cancelled; always if not said.
    public static func cancel<Cancelling: Event>(
        on type: Cancelling.Type, if condition: String? = nil, within timeout: Duration? = nil
    ) -> Self {
        Self { $0.cancel(on: type.name, condition, timeout) }
    }

    /// Cancels the run when an event is sent after it was created that has the same value in a property as the event
    /// that started the run has in the one of that name.
    /// - Parameter timeout: for how long the run can be cancelled; always if not said.
    public static func cancel<Cancelling: Event>(
        on type: Cancelling.Type, matching property: any PartialKeyPath<Cancelling> & Sendable,
        within timeout: Duration? = nil
    ) -> Self {
        Self { $0.cancel(on: type.name, try Expression.sameField(property), timeout) }
    }
}

extension FunctionFields {
    fileprivate mutating func cancel(on event: String, _ condition: String?, _ timeout: Duration?) {
        cancellations.append(
            .object([
                "event": .string(event), "if": condition.map(RawJSON.string),
                "timeout": timeout.map(RawJSON.duration),
            ])
        )
    }
}

// MARK: - By an expression

extension FunctionOption {
    /// Limits how many calls are in flight at once; sleeping and waiting runs hold none.
    /// - Parameter key: an expression over `event`: each of its values is counted by itself.
    public static func concurrency(_ limit: Int, by key: String? = nil, in scope: Scope = .function) -> Self {
        Self { fields in
            fields.steps.append(
                .object([
                    "limit": .int(Int64(limit)), "key": key.map(RawJSON.string), "scope": .string(scope.rawValue),
                ])
            )
        }
    }

    /// Limits how many runs live at once, also while they sleep or wait.
    /// - Parameter key: an expression over `event`: each of its values is counted by itself.
    public static func runs(_ limit: Int, by key: String? = nil) -> Self {
        Self { $0.runs.append(.object(["limit": .int(Int64(limit)), "key": key.map(RawJSON.string)])) }
    }

    /// Spreads starts over time; what is too much waits.
    /// - Parameters:
    ///   - burst: starts that may happen at once beyond the limit.
    ///   - key: an expression over `event`: each of its values is counted by itself.
    public static func throttle(_ limit: Int, per period: Duration, burst: Int = 0, by key: String? = nil) -> Self {
        Self { fields in
            fields.set(
                "throttle",
                [
                    "limit": .int(Int64(limit)), "period": .duration(period), "burst": .int(Int64(burst)),
                    "key": key.map(RawJSON.string),
                ])
        }
    }

    /// Drops events above a rate.
    /// - Parameter key: an expression over `event`: each of its values is counted by itself.
    public static func rateLimit(_ limit: Int, per period: Duration, by key: String? = nil) -> Self {
        Self { fields in
            fields.set(
                "rateLimit",
                ["limit": .int(Int64(limit)), "period": .duration(period), "key": key.map(RawJSON.string)])
        }
    }

    /// Waits until no more events come, and runs with the last.
    /// - Parameters:
    ///   - timeout: the longest time from the first event to the run.
    ///   - key: an expression over `event`: each of its values is a series of its own.
    public static func debounce(_ period: Duration, atMost timeout: Duration? = nil, by key: String? = nil) -> Self {
        Self { fields in
            fields.set(
                "debounce",
                [
                    "period": .duration(period), "timeout": timeout.map(RawJSON.duration),
                    "key": key.map(RawJSON.string),
                ])
        }
    }

    /// Lets a run go ahead of those of the function that were created up to so many seconds earlier.
    /// - Parameter seconds: an expression over `event`.
    public static func priority(_ seconds: String) -> Self {
        Self { $0.set("priority", ["run": .string(seconds)]) }
    }

    /// Runs once in 24 hours for each value of an expression over `event`.
    public static func idempotency(by key: String) -> Self {
        Self { $0.options["idempotency"] = .string(key) }
    }

    /// Lets only one run live at a time.
    /// - Parameter key: an expression over `event`: one run for each of its values.
    public static func singleton(_ mode: SingletonMode = .skip, by key: String? = nil) -> Self {
        Self { $0.set("singleton", ["mode": .string(mode.rawValue), "key": key.map(RawJSON.string)]) }
    }
}

// MARK: - By a property

extension FunctionOption where Input: Decodable & Sendable {
    /// Limits how many calls are in flight at once for each value of a property.
    public static func concurrency(
        _ limit: Int, by property: any PartialKeyPath<Input> & Sendable, in scope: Scope = .function
    ) -> Self {
        Self { try concurrency(limit, by: expression(property), in: scope).apply(&$0) }
    }

    /// Limits how many runs live at once for each value of a property.
    public static func runs(_ limit: Int, by property: any PartialKeyPath<Input> & Sendable) -> Self {
        Self { try runs(limit, by: expression(property)).apply(&$0) }
    }

    /// Spreads starts over time for each value of a property.
    public static func throttle(
        _ limit: Int, per period: Duration, burst: Int = 0, by property: any PartialKeyPath<Input> & Sendable
    ) -> Self {
        Self { try throttle(limit, per: period, burst: burst, by: expression(property)).apply(&$0) }
    }

    /// Drops events above a rate for each value of a property.
    public static func rateLimit(_ limit: Int, per period: Duration, by property: any PartialKeyPath<Input> & Sendable)
        -> Self
    {
        Self { try rateLimit(limit, per: period, by: expression(property)).apply(&$0) }
    }

    /// Waits until no more events with the same value of a property come, and runs with the last.
    public static func debounce(
        _ period: Duration, atMost timeout: Duration? = nil, by property: any PartialKeyPath<Input> & Sendable
    ) -> Self {
        Self { try debounce(period, atMost: timeout, by: expression(property)).apply(&$0) }
    }

    /// Lets a run go ahead by as many seconds as a property says.
    public static func priority(_ seconds: any PartialKeyPath<Input> & Sendable) -> Self {
        Self { try priority(expression(seconds)).apply(&$0) }
    }

    /// Runs once in 24 hours for each value of a property.
    public static func idempotency(by property: any PartialKeyPath<Input> & Sendable) -> Self {
        Self { try idempotency(by: expression(property)).apply(&$0) }
    }

    /// Lets only one run live at a time for each value of a property.
    public static func singleton(_ mode: SingletonMode = .skip, by property: any PartialKeyPath<Input> & Sendable)
        -> Self
    {
        Self { try singleton(mode, by: expression(property)).apply(&$0) }
    }

    private static func expression(_ property: PartialKeyPath<Input>) throws -> String {
        "event.data\(try FieldPath.find(property).expression)"
    }
}
