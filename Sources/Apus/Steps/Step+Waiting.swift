import ApusCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Step {
    /// Sleeps; the app may be down in the meantime. At most a year.
    public func sleep(_ name: String, for duration: Duration, file: String = #fileID, line: Int = #line) async throws {
        _ = try await request(name, SourceLine(file: file, line: line)) {
            StepOrder(kind: .sleep, subject: max(TimeSpan(duration), .zero).description)
        }
    }

    /// Sleeps until a date, at most a year from now; one that has passed costs no sleep.
    public func sleep(_ name: String, until date: Date, file: String = #fileID, line: Int = #line) async throws {
        _ = try await request(name, SourceLine(file: file, line: line)) {
            StepOrder(kind: .sleep, subject: Timestamp(date).rfc3339)
        }
    }

    /// Waits for an event that is sent after the function got here.
    /// - Parameters:
    ///   - condition: an expression that must be true, over `event`, which started the run, and `async`, the awaited one.
    ///   - timeout: how long to wait, at most a year.
    /// - Returns: the event's data, or `nil` when none came in time.
    public func waitForEvent<Awaited: Event>(
        _ name: String, _ type: Awaited.Type = Awaited.self, if condition: String? = nil, within timeout: Duration,
        file: String = #fileID, line: Int = #line
    ) async throws -> Awaited? {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            waiting(for: Awaited.name, condition, timeout)
        }
        return try received(name, memo)
    }

    /// Waits for an event with the same value in a property as the event that started the run has in the one of that
    /// name.
    /// - Returns: the event's data, or `nil` when none came in time.
    public func waitForEvent<Awaited: Event>(
        _ name: String, _ type: Awaited.Type = Awaited.self,
        matching property: any PartialKeyPath<Awaited> & Sendable, within timeout: Duration,
        file: String = #fileID, line: Int = #line
    ) async throws -> Awaited? {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            waiting(for: Awaited.name, try Expression.sameField(property), timeout)
        }
        return try received(name, memo)
    }

    /// Waits for an event one of whose properties has a value.
    ///
    /// ```swift
    /// try await step.waitForEvent("paid", InvoicePaid.self, where: \.invoiceID, is: invoice.id, within: .days(30))
    /// ```
    /// - Returns: the event's data, or `nil` when none came in time.
    public func waitForEvent<Awaited: Event, Value: Encodable & Sendable>(
        _ name: String, _ type: Awaited.Type = Awaited.self,
        where property: any KeyPath<Awaited, Value> & Sendable, is value: Value, within timeout: Duration,
        file: String = #fileID, line: Int = #line
    ) async throws -> Awaited? {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            let field = try FieldPath.find(property)
            let literal = try Coding.encode(value)
            guard literal.view.kind != .object, literal.view.kind != .array else {
                throw ConfigurationError("step \(name): an event can be found by a text, a number or a boolean only")
            }
            return waiting(
                for: Awaited.name, "async.data\(field.expression) == \(Expression.literal(literal))", timeout)
        }
        return try received(name, memo)
    }

    private func waiting(for event: String, _ condition: String?, _ timeout: Duration) -> StepOrder {
        var writer = JSONWriter()
        writer.object { writer in
            if let condition { writer.member("if", condition) }
            writer.member("timeout", max(TimeSpan(timeout), .zero).description)
        }
        return StepOrder(kind: .waitForEvent, subject: event, options: writer.finish())
    }

    private func received<Awaited: Event>(_ name: String, _ memo: JSONView) throws -> Awaited? {
        if memo.isNull { return nil }
        // An event as it is, unlike all other results.
        if memo["name"] == nil, let error = memo["error"] { throw StepError(step: name, error) }
        do {
            return try ReceivedEvent(memo).decode(Awaited.self)
        } catch {
            throw StepResultError(step: name, reason: "\(error)")
        }
    }

    /// Waits for a signal: a message to this one run, sent to `POST /v1/signals` or by ``sendSignal(_:to:_:file:line:)``.
    /// - Parameters:
    ///   - signal: its id, which only one run may wait for at a time.
    ///   - replacing: whether to take over from a run that waits for it; else this run fails.
    /// - Returns: what the signal carried, or `nil` when none came in time.
    public func waitForSignal<Payload: Codable & Sendable>(
        _ name: String, _ signal: String, _ type: Payload.Type = Payload.self, within timeout: Duration,
        replacing: Bool = false, file: String = #fileID, line: Int = #line
    ) async throws -> Payload? {
        let memo = try await request(name, SourceLine(file: file, line: line)) {
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("conflict", replacing ? "replace" : "fail")
                writer.member("signal", signal)
                writer.member("timeout", max(TimeSpan(timeout), .zero).description)
            }
            return StepOrder(kind: .waitForSignal, subject: signal, options: writer.finish())
        }
        if memo.isNull { return nil }
        return try result(of: name, memo) { data in
            if data.isNull { return nil }
            return try Coding.decode(Payload.self, from: data["data"] ?? RawJSON.null.view)
        }
    }
}
