import ApusCore

/// A step whose body runs.
public struct StepInfo: Sendable {
    /// The step.
    public let name: String
    /// The function, `<app>-<function>`.
    public let functionID: String
    /// The run.
    public let runID: String
    /// How often the body was tried before.
    public let attempt: Int
}

/// Something that all functions of a client have in common: logs, measurements, encryption.
///
/// Each requirement has a default that does nothing. What goes out passes through the middlewares in the order in which
/// the client has them, what comes in the other way round.
public protocol Middleware: Sendable {
    /// Called before a step's body runs; a step that has a result has none.
    func willRun(_ step: StepInfo) async
    /// Called after a step's body has run.
    /// - Parameter error: what it threw.
    func didRun(_ step: StepInfo, error: (any Error)?) async
    /// Changes what is handed to the server: results of steps and of functions.
    func outgoing(_ value: JSON) throws -> JSON
    /// Changes results of steps when they come back from the server, to what they were.
    func incoming(_ value: JSON) throws -> JSON
}

extension Middleware {
    /// Does nothing.
    public func willRun(_ step: StepInfo) async {}
    /// Does nothing.
    public func didRun(_ step: StepInfo, error: (any Error)?) async {}
    /// Changes nothing.
    public func outgoing(_ value: JSON) throws -> JSON { value }
    /// Changes nothing.
    public func incoming(_ value: JSON) throws -> JSON { value }
}

extension [any Middleware] {
    package func outgoing(_ json: RawJSON) throws -> RawJSON {
        if isEmpty { return json }
        return try Coding.encode(try reduce(try Coding.decode(JSON.self, from: json.view)) { try $1.outgoing($0) })
    }

    package func incoming(_ json: JSONView) throws -> JSONView {
        if isEmpty { return json }
        let value = try reversed().reduce(try Coding.decode(JSON.self, from: json)) { try $1.incoming($0) }
        return try Coding.encode(value).view
    }

    func around(_ step: StepInfo, _ body: () async throws -> RawJSON) async throws -> RawJSON {
        if isEmpty { return try await body() }
        for middleware in self { await middleware.willRun(step) }
        do {
            let result = try outgoing(try await body())
            for middleware in reversed() { await middleware.didRun(step, error: nil) }
            return result
        } catch {
            for middleware in reversed() { await middleware.didRun(step, error: error) }
            throw error
        }
    }
}
