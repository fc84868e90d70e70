import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ApusNode

typealias CallResult = Result<AppResponse, AppCallFailure>

/// An ``AppClient`` that tests may use from anywhere.
final class TestClient: Sendable {
    /// A call under way. Its promise traps when the client reports more than one result.
    struct Pending: Sendable {
        let id: AppCallID
        let result: EventLoopFuture<CallResult>

        func get() async throws -> CallResult { try await result.get() }
    }

    let eventLoop: any EventLoop
    private let bound: NIOLoopBound<AppClient>

    private init(eventLoop: any EventLoop, bound: NIOLoopBound<AppClient>) {
        self.eventLoop = eventLoop
        self.bound = bound
    }

    /// Runs `body` with a client of its own, shuts it down, and checks that it lets go of everything.
    static func with<Success>(
        _ configure: (inout AppClient.Configuration) -> Void = { _ in },
        _ body: (TestClient) async throws -> Success
    ) async throws -> Success {
        var configuration = AppClient.Configuration()
        configuration.callTimeout = .seconds(30)
        configure(&configuration)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let client = try await eventLoop.submit { [configuration] in
            TestClient(
                eventLoop: eventLoop,
                bound: NIOLoopBound(AppClient(eventLoop: eventLoop, configuration: configuration), eventLoop: eventLoop)
            )
        }.get()
        let result: Result<Success, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.shutdown()
        try await client.wait { $0.connections == 0 && $0.inFlight == 0 && $0.idle == 0 && $0.waiting == 0 }
        return try result.get()
    }

    /// Runs `body` with the client on its loop.
    func onLoop<Success: Sendable>(_ body: @escaping @Sendable (AppClient) throws -> Success) async throws -> Success {
        try await eventLoop.submit { [bound] in try body(bound.value) }.get()
    }

    func begin(_ request: AppRequest, deadline: NIODeadline? = nil) async throws -> Pending {
        let promise = eventLoop.makePromise(of: CallResult.self)
        let id = try await onLoop { client in
            client.call(request, deadline: deadline) { promise.succeed($0) }
        }
        return Pending(id: id, result: promise.futureResult)
    }

    func call(_ request: AppRequest, deadline: NIODeadline? = nil) async throws -> CallResult {
        try await begin(request, deadline: deadline).get()
    }

    /// Calls, and returns also what was told of the response while it arrived: statuses and bytes.
    func observe(_ url: String) async throws -> (result: CallResult, seen: [String]) {
        let promise = eventLoop.makePromise(of: CallResult.self)
        let seen = Mutex<[String]>([])
        let request = AppRequest(url: try AppURL(url))
        try await onLoop { client in
            let observer = { (part: AppResponsePart) in
                switch part {
                case .head(let response): seen.withLock { $0.append("\(response.status)") }
                case .body(let bytes): seen.withLock { $0.append(String(buffer: bytes)) }
                }
            }
            client.call(request, observer: observer, deadline: nil) { promise.succeed($0) }
        }
        return (try await promise.futureResult.get(), seen.withLock { $0 })
    }

    /// Sends a POST.
    func post(
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: String = "{}"
    ) async throws -> CallResult {
        try await call(AppRequest(url: AppURL(url), headers: headers, body: ByteBuffer(string: body)))
    }

    func cancel(_ call: Pending) async throws {
        try await onLoop { $0.cancel(call.id) }
    }

    func probe(_ url: String, timeout: TimeAmount = .seconds(5)) async throws -> Bool {
        let promise = eventLoop.makePromise(of: Bool.self)
        let url = try AppURL(url)
        try await onLoop { client in client.probe(url, timeout: timeout) { promise.succeed($0) } }
        return try await promise.futureResult.get()
    }

    func shutdown() async throws {
        try await onLoop { $0.shutdown() }
    }

    func counters() async throws -> AppClient.Counters {
        try await onLoop { $0.counters }
    }

    /// Waits until the counters satisfy a condition; fails the test after ten seconds.
    func wait(
        until condition: (AppClient.Counters) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = NIODeadline.now() + .seconds(10)
        var last = try await counters()
        while !condition(last) {
            guard NIODeadline.now() < deadline else {
                Issue.record("condition not met: \(last)", sourceLocation: sourceLocation)
                return
            }
            await Task.yield()
            last = try await counters()
        }
    }
}

extension CallResult {
    var status: Int? { try? get().status }
    var text: String? { (try? get()).map { String(buffer: $0.body) } }
    var failure: AppCallFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

/// A complete response.
func response(_ status: Int = 200, _ headers: String..., body: String = "ok") -> String {
    "HTTP/1.1 \(status) Reason\r\n" + headers.map { $0 + "\r\n" }.joined()
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
