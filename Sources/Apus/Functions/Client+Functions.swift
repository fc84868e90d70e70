import ApusCore

// MARK: - By an event

extension Client {
    /// Defines a function that an event starts.
    ///
    /// ```swift
    /// let onboard = apus.function("onboard-user", on: UserSignedUp.self, .retries(4)) { event, step in
    ///     try await step.run("create-workspace") { try await db.createWorkspace(event.userID) }
    /// }
    /// ```
    /// - Parameters:
    ///   - id: unique within the app, and never changed while runs live.
    ///   - name: what people read; the id if not said.
    ///   - condition: an expression over `event` that must be true.
    public func function<Input: Event, Output: Codable & Sendable>(
        _ id: String, name: String? = nil, on type: Input.Type, if condition: String? = nil,
        _ options: FunctionOption<Input>...,
        handler: @escaping @Sendable (Input, Step) async throws -> Output
    ) -> Function<Input, Output> {
        define(id, name, [.event(type.name, if: condition)], options, .coded, { try $0.event.decode(type) }, handler)
    }

    /// Defines a function that an event starts and that returns nothing.
    @_disfavoredOverload
    public func function<Input: Event>(
        _ id: String, name: String? = nil, on type: Input.Type, if condition: String? = nil,
        _ options: FunctionOption<Input>...,
        handler: @escaping @Sendable (Input, Step) async throws -> Void
    ) -> Function<Input, Void> {
        define(id, name, [.event(type.name, if: condition)], options, .none, { try $0.event.decode(type) }, handler)
    }

    /// Defines a function that several events start together.
    /// - Parameters:
    ///   - size: the most events of a run, at least 2.
    ///   - timeout: the longest time from the first event to the run, at least a second.
    ///   - key: an expression over `event`: each of its values is collected by itself.
    ///   - condition: an expression over `event`; those for which it is not true start runs of their own.
    public func function<Input: Event, Output: Codable & Sendable>(
        _ id: String, name: String? = nil, batching type: Input.Type, upTo size: Int, within timeout: Duration,
        by key: String? = nil, if condition: String? = nil,
        _ options: FunctionOption<Input>...,
        handler: @escaping @Sendable ([Input], Step) async throws -> Output
    ) -> Function<Input, Output> {
        define(
            id, name, [.event(type.name)], options + [.batch(size, timeout, key, condition)], .coded,
            { context in try context.events.map { try $0.decode(type) } }, handler
        )
    }

    /// Defines a function that several events start together and that returns nothing.
    @_disfavoredOverload
    public func function<Input: Event>(
        _ id: String, name: String? = nil, batching type: Input.Type, upTo size: Int, within timeout: Duration,
        by key: String? = nil, if condition: String? = nil,
        _ options: FunctionOption<Input>...,
        handler: @escaping @Sendable ([Input], Step) async throws -> Void
    ) -> Function<Input, Void> {
        define(
            id, name, [.event(type.name)], options + [.batch(size, timeout, key, condition)], .none,
            { context in try context.events.map { try $0.decode(type) } }, handler
        )
    }
}

// MARK: - By a schedule, by others, by anything

extension Client {
    /// Defines a function that a schedule starts.
    /// - Parameter schedule: five fields, in UTC or behind `TZ=Europe/Berlin`.
    public func function<Output: Codable & Sendable>(
        _ id: String, name: String? = nil, cron schedule: String, _ options: FunctionOption<JSON>...,
        handler: @escaping @Sendable (Step) async throws -> Output
    ) -> Function<JSON, Output> {
        define(id, name, [.cron(schedule)], options, .coded, { _ in }, { _, step in try await handler(step) })
    }

    /// Defines a function that a schedule starts and that returns nothing.
    @_disfavoredOverload
    public func function(
        _ id: String, name: String? = nil, cron schedule: String, _ options: FunctionOption<JSON>...,
        handler: @escaping @Sendable (Step) async throws -> Void
    ) -> Function<JSON, Void> {
        define(id, name, [.cron(schedule)], options, .none, { _ in }, { _, step in try await handler(step) })
    }

    /// Defines a function that only other functions start, with ``Step/invoke(_:_:_:within:file:line:)``.
    public func function<Input: Codable & Sendable, Output: Codable & Sendable>(
        _ id: String, name: String? = nil, input type: Input.Type, _ options: FunctionOption<Input>...,
        handler: @escaping @Sendable (Input, Step) async throws -> Output
    ) -> Function<Input, Output> {
        define(id, name, [], options, .coded, { try $0.event.decode(type) }, handler)
    }

    /// Defines a function with any triggers, which gets the event as the server has it.
    public func function<Output: Codable & Sendable>(
        _ id: String, name: String? = nil, triggers: [Trigger], _ options: FunctionOption<JSON>...,
        handler: @escaping @Sendable (ReceivedEvent, Step) async throws -> Output
    ) -> Function<JSON, Output> {
        define(id, name, triggers, options, .coded, { $0.event }, handler)
    }
}

// MARK: - Defining

/// How a function's result becomes JSON and back.
struct OutputCoding<Output: Sendable>: Sendable {
    let encode: @Sendable (Output) throws -> RawJSON
    let decode: @Sendable (JSONView) throws -> Output
}

extension OutputCoding where Output: Codable {
    static var coded: OutputCoding {
        OutputCoding(encode: { try Coding.encode($0) }, decode: { try Coding.decode(from: $0) })
    }
}

extension OutputCoding<Void> {
    static var none: OutputCoding { OutputCoding(encode: { _ in .null }, decode: { _ in }) }
}

extension FunctionOption {
    fileprivate static func batch(_ size: Int, _ timeout: Duration, _ key: String?, _ condition: String?) -> Self {
        Self { fields in
            fields.set(
                "batchEvents",
                [
                    "maxSize": .int(Int64(size)), "timeout": .duration(timeout), "key": key.map(RawJSON.string),
                    "if": condition.map(RawJSON.string),
                ])
        }
    }
}

extension Client {
    private func define<Input, Given: Sendable, Output>(
        _ id: String, _ name: String?, _ triggers: [Trigger], _ options: [FunctionOption<Input>],
        _ coding: OutputCoding<Output>, _ given: @escaping @Sendable (RunContext) throws -> Given,
        _ handler: @escaping @Sendable (Given, Step) async throws -> Output
    ) -> Function<Input, Output> {
        let slug = "\(appID)-\(id)"
        var fields = FunctionFields()
        var problems: [String] = []
        for option in options {
            do {
                try option.apply(&fields)
            } catch {
                problems.append("function \(id): \(error)")
            }
        }
        if id.isEmpty { problems.append("a function has no id") }
        let middleware = settings.middleware
        var definition = FunctionDefinition(
            client: self, slug: slug, name: name ?? id, triggers: triggers.map(\.json), fields: fields,
            problems: problems
        ) { pass in
            let output = try await handler(try Client.input(of: pass, given), Step(pass: pass))
            return try middleware.outgoing(try coding.encode(output))
        }
        if let failed = fields.onFailure {
            definition.onFailure = [failed(self, slug, definition.name)]
        }
        return Function(definition: definition, decodeOutput: coding.decode)
    }

    @inline(never)
    private static func input<Given>(of pass: Pass, _ given: (RunContext) throws -> Given) throws -> Given {
        do {
            return try given(pass.context)
        } catch {
            throw NonRetriableError("the event cannot be read: \(error)", cause: error)
        }
    }
}
