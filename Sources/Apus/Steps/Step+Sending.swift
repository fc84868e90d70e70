import ApusCore

extension Step {
    /// Sends an event; when it ran through, it is not sent again.
    /// - Returns: the server's id of the event.
    @discardableResult
    public func send(_ name: String, _ event: some Event, file: String = #fileID, line: Int = #line) async throws
        -> String
    {
        try await send(name, [OutgoingEvent(event)], file: file, line: line).first ?? ""
    }

    /// Sends events; when it ran through, they are not sent again.
    /// - Returns: the server's ids of the events, in their order.
    @discardableResult
    public func send(_ name: String, _ events: [OutgoingEvent], file: String = #fileID, line: Int = #line) async throws
        -> [String]
    {
        let client = context.client
        let memo = try await perform(name, SourceLine(file: file, line: line)) {
            .typed("step.sendEvent")
        } body: {
            let ids = try await client.send(events)
            var writer = JSONWriter()
            writer.object { writer in
                writer.key("ids")
                writer.array(ids) { id, writer in writer.value(id) }
            }
            return writer.finish()
        }
        return try result(of: name, memo) { $0["ids"]?.elements.compactMap(\.string) ?? [] }
    }

    /// Sends a signal to the run that waits for it.
    /// - Returns: whether one did.
    @discardableResult
    public func sendSignal(
        _ name: String, to signal: String, _ payload: some Encodable & Sendable,
        file: String = #fileID, line: Int = #line
    ) async throws -> Bool {
        let client = context.client
        let memo = try await perform(name, SourceLine(file: file, line: line)) {
            .typed("step.sendSignal")
        } body: {
            .bool(try await client.sendSignal(signal, payload))
        }
        return try result(of: name, memo) { $0.bool ?? false }
    }

    /// Runs another function and waits for its result.
    /// - Parameter timeout: how long to wait; a year if not said.
    /// - Throws: ``StepError`` when it failed, was cancelled, or has not ended in time.
    public func invoke<Input, Output>(
        _ name: String, _ function: Function<Input, Output>, _ input: Input, within timeout: Duration? = nil,
        file: String = #fileID, line: Int = #line
    ) async throws -> Output {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            try invocation(of: function.slug, try Coding.encode(input), timeout)
        }
        return try result(of: name, memo, function.decodeOutput)
    }

    /// Runs a function of any app and waits for its result.
    /// - Parameters:
    ///   - app: the app's id; this one's if not said.
    ///   - timeout: how long to wait; a year if not said.
    /// - Throws: ``StepError`` when it failed, was cancelled, is not known or has not ended in time.
    public func invoke<Output: Decodable & Sendable>(
        _ name: String, function: String, of app: String? = nil, data: some Encodable & Sendable,
        returning type: Output.Type = Output.self, within timeout: Duration? = nil,
        file: String = #fileID, line: Int = #line
    ) async throws -> Output {
        let app = app ?? context.client.appID
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            try invocation(of: "\(app)-\(function)", try Coding.encode(data), timeout)
        }
        return try result(of: name, memo) { try Coding.decode(type, from: $0) }
    }

    private func invocation(of slug: String, _ data: RawJSON, _ timeout: Duration?) throws -> StepOrder {
        var writer = JSONWriter(reserving: data.bytes.count + 100)
        writer.object { writer in
            writer.member("function_id", slug)
            writer.key("payload")
            writer.object { $0.member("data", data) }
            if let timeout { writer.member("timeout", max(TimeSpan(timeout), .zero).description) }
        }
        return StepOrder(kind: .invokeFunction, options: writer.finish())
    }
}

extension StepOrder {
    /// A body that runs here and does something that the server knows by name.
    static func typed(_ type: String) -> StepOrder {
        var order = StepOrder.body
        order.options = RawJSON.emptyObject.adding("type", .string(type))
        return order
    }
}
