import NIOCore
import NIOPosix
import Testing

@testable import ApusNode

@Suite("How calls end", .timeLimit(.minutes(2)))
struct CallEndTests {
    /// A port on which nobody listens.
    private func closedPort() async throws -> Int {
        let server = try await ScriptedServer(answering: response())
        await server.shutdown()
        return server.port
    }

    @Test("no server is unreachable")
    func refused() async throws {
        let port = try await closedPort()
        try await TestClient.with { client async throws in
            for host in ["127.0.0.1", "localhost", "[::1]"] {
                #expect(try await client.post("http://\(host):\(port)/").failure == .unreachable("connection refused"))
            }
            #expect(try await !client.probe("http://127.0.0.1:\(port)/"))
        }
    }

    @Test("a name without an address is unreachable")
    func noSuchHost() async throws {
        try await TestClient.with({ $0.connectTimeout = .milliseconds(1500) }) { client async throws in
            async let first = client.post("http://no-such-host.invalid/")
            async let second = client.post("http://no-such-host.invalid/")
            for result in try await [first, second] {
                guard case .unreachable(let reason)? = result.failure else {
                    Issue.record("\(result)")
                    return
                }
                #expect(reason.contains("no-such-host.invalid"))
            }
        }
    }

    @Test("localhost is found on either loopback address", arguments: ["127.0.0.1", "::1"])
    func localhost(address: String) async throws {
        guard let server = try? await ScriptedServer(host: address, script: { _ in [.send(response())] }) else {
            return
        }
        try await TestClient.with { client async throws in
            for host in ["localhost", "app.localhost"] {
                #expect(try await client.post("http://\(host):\(server.port)/").status == 200)
            }
            #expect(try await client.probe("http://localhost:\(server.port)/"))
        }
        #expect(server.requests.first?.values("host") == ["localhost:\(server.port)"])
        await server.shutdown()
    }

    @Test("an IPv6 address in a URL")
    func ipv6() async throws {
        guard let server = try? await ScriptedServer(host: "::1", script: { _ in [.send(response())] }) else { return }
        try await TestClient.with { client async throws in
            #expect(try await client.post("http://[::1]:\(server.port)/").status == 200)
        }
        #expect(server.requests.first?.values("host") == ["[::1]:\(server.port)"])
        await server.shutdown()
    }

    @Test("a connection that is not made in time is unreachable")
    func connectTimeout() async throws {
        // TEST-NET-1 (RFC 5737): packets go nowhere, or the network says so.
        try await TestClient.with({ $0.connectTimeout = .milliseconds(100) }) { client async throws in
            guard case .unreachable? = try await client.post("http://192.0.2.1/").failure else {
                Issue.record("reached")
                return
            }
        }
    }

    // MARK: Deadlines

    @Test(
        "the deadline ends a call wherever it is",
        arguments: ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
    func deadline(sent: String) async throws {
        let server = try await ScriptedServer { _ in [.send(sent)] }
        try await TestClient.with { client async throws in
            let deadline = NIODeadline.now() + .milliseconds(300)
            let result = try await client.call(AppRequest(url: AppURL(server.url())), deadline: deadline)
            #expect(result.failure == .timeout)
            #expect(NIODeadline.now() >= deadline)
            // On a slow machine the connection may still be opening; then it is kept.
            try await client.wait { $0.connections == $0.idle }
        }
        await server.shutdown()
    }

    @Test("the configured time ends a call without a deadline; a deadline in the past ends it at once")
    func callTimeout() async throws {
        let server = try await ScriptedServer { _ in [] }
        try await TestClient.with({ $0.callTimeout = .milliseconds(50) }) { client async throws in
            #expect(try await client.post(server.url()).failure == .timeout)
            let past = try await client.call(AppRequest(url: AppURL(server.url())), deadline: .uptimeNanoseconds(0))
            #expect(past.failure == .timeout)
        }
        await server.shutdown()
    }

    @Test("deadlines fire in their own order, also while calls wait for a connection")
    func manyDeadlines() async throws {
        let server = try await ScriptedServer { _ in [] }
        try await TestClient.with({ $0.maxConnections = 2 }) { client async throws in
            let request = AppRequest(url: try AppURL(server.url()))
            let start = NIODeadline.now()
            var calls: [TestClient.Pending] = []
            for index in 0..<10 as Range<Int64> {
                calls.append(try await client.begin(request, deadline: start + .milliseconds(200 - 15 * index)))
            }
            for call in calls.reversed() { #expect(try await call.get().failure == .timeout) }
        }
        await server.shutdown()
    }

    @Test("many short calls leave no deadlines behind")
    func forgottenDeadlines() async throws {
        let server = try await ScriptedServer(answering: response())
        try await TestClient.with { client async throws in
            for _ in 0..<500 { _ = try await client.post(server.url()) }
            #expect(try await client.onLoop { $0.deadlineCount } <= 70)
        }
        await server.shutdown()
    }

    // MARK: Cancellation and shutdown

    @Test("cancelling ends a call once and closes its connection")
    func cancel() async throws {
        let server = try await ScriptedServer { _ in [] }
        try await TestClient.with({ $0.maxConnections = 1 }) { client async throws in
            let running = try await client.begin(AppRequest(url: AppURL(server.url())))
            let waiting = try await client.begin(AppRequest(url: AppURL(server.url())))
            let last = try await client.begin(AppRequest(url: AppURL(server.url("/last"))))
            while server.requests.isEmpty { await Task.yield() }
            for call in [waiting, running, running] {
                try await client.cancel(call)
                #expect(try await call.get().failure == .cancelled)
            }
            while server.requests.count < 2 { await Task.yield() }
            try await server.send(response(), on: 1)
            #expect(try await last.get().status == 200)
            try await client.cancel(last)
        }
        #expect(server.requests.map(\.requestLine) == ["POST /api HTTP/1.1", "POST /last HTTP/1.1"])
        await server.shutdown()
    }

    @Test("a call cancelled while its connection is being opened leaves the connection to the next")
    func cancelWhileConnecting() async throws {
        let server = try await ScriptedServer(answering: response())
        try await TestClient.with { client async throws in
            let request = AppRequest(url: try AppURL(server.url()))
            let promise = client.eventLoop.makePromise(of: CallResult.self)
            try await client.onLoop { client in
                client.cancel(client.call(request, deadline: nil) { promise.succeed($0) })
            }
            #expect(try await promise.futureResult.get().failure == .cancelled)
            try await client.wait { $0.idle == 1 }
            #expect(try await client.call(request).status == 200)
            #expect(try await client.counters().opened == 1)
        }
        #expect(server.requests.count == 1)
        await server.shutdown()
    }

    @Test("shutdown ends every call, and later ones fail")
    func shutdown() async throws {
        let server = try await ScriptedServer { request in request.body == "idle" ? [.send(response())] : [] }
        try await TestClient.with({ $0.maxConnections = 2 }) { client async throws in
            _ = try await client.post(server.url(), body: "idle")
            var calls: [TestClient.Pending] = []
            for _ in 0..<4 { calls.append(try await client.begin(AppRequest(url: AppURL(server.url())))) }
            try await client.shutdown()
            for call in calls { #expect(try await call.get().failure == .cancelled) }
            #expect(try await client.post(server.url()).failure == .cancelled)
            #expect(try await !client.probe(server.url()))
            try await client.shutdown()
        }
        await server.shutdown()
    }

    @Test("a client that was shut down goes away")
    func deinitialisation() async throws {
        final class Weak {
            weak var client: AppClient?
        }
        let server = try await ScriptedServer { request in request.body == "hang" ? [] : [.send(response())] }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let requests = try ["", "hang", "hang"].map {
            AppRequest(url: try AppURL(server.url()), body: ByteBuffer(string: $0))
        }
        let weak = try await loop.submit { NIOLoopBound(Weak(), eventLoop: loop) }.get()
        let first = loop.makePromise(of: Void.self)
        try await loop.submit {
            let client = AppClient(eventLoop: loop, configuration: .init())
            weak.value.client = client
            for request in requests {
                client.call(request, deadline: nil) { if $0.status == 200 { first.succeed() } }
            }
        }.get()
        try await first.futureResult.get()
        try await loop.submit { weak.value.client?.shutdown() }.get()
        let deadline = NIODeadline.now() + .seconds(10)
        while try await loop.submit({ weak.value.client != nil }).get() {
            try #require(NIODeadline.now() < deadline)
        }
        await server.shutdown()
    }

    @Test("a result never comes before `call` has returned")
    func notReentrant() async throws {
        let port = try await closedPort()
        try await TestClient.with({
            $0.maxConnections = 1
            $0.maxWaitingCalls = 0
        }) { client async throws in
            let good = AppRequest(url: try AppURL("http://127.0.0.1:\(port)/"))
            let flawed = AppRequest(url: good.url, headers: [("X", "\n")])
            for shutsDown in [false, true] {
                let results = try await client.onLoop { client in
                    if shutsDown { client.shutdown() }
                    var results: [EventLoopFuture<CallResult>] = []
                    for request in [good, good, flawed] {
                        let promise = client.eventLoop.makePromise(of: CallResult.self)
                        var hasReturned = false
                        client.call(request, deadline: nil) {
                            #expect(hasReturned)
                            promise.succeed($0)
                        }
                        hasReturned = true
                        results.append(promise.futureResult)
                    }
                    return results
                }
                let failures = try await EventLoopFuture.whenAllSucceed(results, on: client.eventLoop).get()
                    .map(\.failure)
                let expected: [AppCallFailure] =
                    shutsDown
                    ? [.cancelled, .cancelled, .cancelled]
                    : [.unreachable("connection refused"), .overloaded, .invalidRequest("value of header \"X\"")]
                #expect(failures == expected)
            }
        }
    }

    @Test("a thousand calls that wait for connections which cannot be made all fail")
    func manyFailures() async throws {
        let port = try await closedPort()
        try await TestClient.with({ $0.maxConnections = 2 }) { client async throws in
            let request = AppRequest(url: try AppURL("http://127.0.0.1:\(port)/"))
            var calls: [TestClient.Pending] = []
            for _ in 0..<1000 { calls.append(try await client.begin(request)) }
            for call in calls { #expect(try await call.get().failure == .unreachable("connection refused")) }
        }
    }
}
