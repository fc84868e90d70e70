import NIOCore
import Testing

@testable import ApusNode

@Suite("Connections", .timeLimit(.minutes(2)))
struct ConnectionReuseTests {
    @Test("2,000 calls in sequence use one connection")
    func sequential() async throws {
        let server = try await ScriptedServer { request in [.send(response(body: "\(request.index)"))] }
        try await TestClient.with { client async throws in
            for index in 0..<2000 { #expect(try await client.post(server.url()).text == "\(index)") }
            let counters = try await client.counters()
            #expect(counters.opened == 1)
            #expect(counters.reused == 1999)
            #expect(counters.idle == 1)
        }
        #expect(server.connectionCount == 1)
        await server.shutdown()
    }

    @Test("a call made from inside a callback uses the connection that has just become free")
    func fromCallback() async throws {
        let server = try await ScriptedServer(answering: response())
        try await TestClient.with { client async throws in
            let request = AppRequest(url: try AppURL(server.url()))
            let promise = client.eventLoop.makePromise(of: CallResult.self)
            try await client.onLoop { client in
                _ = client.call(request, deadline: nil) { _ in
                    client.call(request, deadline: nil) { promise.succeed($0) }
                }
            }
            #expect(try await promise.futureResult.get().status == 200)
            #expect(try await client.counters().opened == 1)
        }
        await server.shutdown()
    }

    @Test("200 calls at once, each with its own answer")
    func concurrent() async throws {
        let server = try await ScriptedServer { request in [.send(response(body: request.body))] }
        try await TestClient.with({ $0.maxIdleConnectionsPerOrigin = 64 }) { client async throws in
            for _ in 0..<2 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<200 {
                        group.addTask { () async throws in
                            #expect(try await client.post(server.url(), body: "call \(index)").text == "call \(index)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
            try await client.wait { $0.connections == 64 }
            let counters = try await client.counters()
            #expect(counters.idle == 64)
            #expect(counters.opened + counters.reused == 400)
            #expect(counters.reused >= 64)
        }
        await server.shutdown()
    }

    @Test("a connection that the server closes between two calls is replaced")
    func closedBetweenCalls() async throws {
        let server = try await ScriptedServer { _ in [.send(response()), .close] }
        try await TestClient.with { client async throws in
            for _ in 0..<3 {
                #expect(try await client.post(server.url()).status == 200)
                try await client.wait { $0.connections == 0 && $0.idle == 0 }
            }
            #expect(try await client.counters().opened == 3)
        }
        await server.shutdown()
    }

    @Test(
        "a call that meets the closing of a reused connection is repeated once on a new one",
        arguments: [ServerStep.close, .reset])
    func keepAliveRace(end: ServerStep) async throws {
        let server = try await ScriptedServer { request in
            request.connection == 0 && request.index == 1 ? [end] : [.send(response(body: "\(request.connection)"))]
        }
        try await TestClient.with({ $0.staleWindow = .minutes(1) }) { client async throws in
            #expect(try await client.post(server.url()).text == "0")
            #expect(try await client.post(server.url(), body: "twice").text == "1")
            #expect(try await client.post(server.url()).text == "1")
        }
        #expect(server.requests.filter { $0.body == "twice" }.map(\.connection) == [0, 1])
        await server.shutdown()
    }

    @Test("it is repeated on a new connection even when others are kept, and only once")
    func repeatedOnce() async throws {
        let server = try await ScriptedServer { request in
            request.body == "die" ? [.close] : [.send(response())]
        }
        try await TestClient.with({ $0.staleWindow = .minutes(1) }) { client async throws in
            async let first = client.post(server.url())
            async let second = client.post(server.url())
            async let third = client.post(server.url())
            _ = try await (first, second, third)
            let opened = try await client.counters().opened
            guard case .unreachable? = try await client.post(server.url(), body: "die").failure else {
                Issue.record("answered")
                return
            }
            #expect(try await client.counters().opened == opened + 1)
        }
        #expect(server.requests.count { $0.body == "die" } == 2)
        await server.shutdown()
    }

    @Test("a call that dies later than that is not repeated")
    func diesLater() async throws {
        let server = try await ScriptedServer { request in request.index == 1 ? [.close] : [.send(response())] }
        try await TestClient.with({ $0.staleWindow = .zero }) { client async throws in
            #expect(try await client.post(server.url()).status == 200)
            #expect(try await client.post(server.url()).failure == .unreachable("connection closed by the app"))
        }
        #expect(server.requests.count == 2)
        await server.shutdown()
    }

    @Test("a call on a new connection, or one that got a byte, is never repeated")
    func notRepeated() async throws {
        let server = try await ScriptedServer { request in
            switch request.body {
            case "die": [.close]
            case "half": [.send("HTTP/1.1 2"), .close]
            default: [.send(response())]
            }
        }
        try await TestClient.with { client async throws in
            #expect(try await client.post(server.url(), body: "die").failure != nil)
            #expect(try await client.post(server.url()).status == 200)
            #expect(try await client.post(server.url(), body: "half").failure != nil)
        }
        #expect(server.requests.map(\.body) == ["die", "{}", "half"])
        await server.shutdown()
    }

    @Test(
        "responses after which the connection is not used again",
        arguments: [
            response(200, "Connection: close"), "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            response() + "trailing garbage", response() + response(500), response(200, "Keep-Alive: timeout=0"),
        ]
    )
    func notReused(text: String) async throws {
        let server = try await ScriptedServer(answering: text)
        try await TestClient.with { client async throws in
            for _ in 0..<2 {
                #expect(try await client.post(server.url()).text == "ok")
                try await client.wait { $0.connections == 0 }
            }
            #expect(try await client.counters().opened == 2)
            #expect(try await client.counters().reused == 0)
        }
        await server.shutdown()
    }

    @Test("bytes that nobody asked for close an unused connection")
    func unsolicited() async throws {
        let server = try await ScriptedServer(answering: response())
        try await TestClient.with { client async throws in
            #expect(try await client.post(server.url()).status == 200)
            try await server.send("HTTP/1.1 4", on: 0)
            try await client.wait { $0.connections == 0 && $0.idle == 0 }
            #expect(try await client.post(server.url()).status == 200)
        }
        await server.shutdown()
    }

    @Test("unused connections are closed after the idle time")
    func idleTimeout() async throws {
        let server = try await ScriptedServer(answering: response())
        try await TestClient.with({ $0.idleTimeout = .milliseconds(50) }) { client async throws in
            #expect(try await client.post(server.url()).status == 200)
            try await client.wait { $0.connections == 0 && $0.idle == 0 }
        }
        await server.shutdown()
    }

    @Test("no more connections are kept for an origin than allowed")
    func maxIdle() async throws {
        let server = try await ScriptedServer(answering: response())
        try await TestClient.with({ $0.maxIdleConnectionsPerOrigin = 0 }) { client async throws in
            for _ in 0..<2 { #expect(try await client.post(server.url()).status == 200) }
            #expect(try await client.counters().opened == 2)
            try await client.wait { $0.connections == 0 }
        }
        await server.shutdown()
    }

    @Test("a response before the request is written is accepted, and its connection closed")
    func earlyResponse() async throws {
        let server = try await ScriptedServer(answersHeads: true) { _ in [.send(response(413, body: "too large"))] }
        try await TestClient.with { client async throws in
            // More than the sockets' buffers hold, and the server does not read it.
            let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 * 1024 * 1024)
            let result = try await client.call(AppRequest(url: AppURL(server.url()), body: body))
            #expect(result.status == 413)
            #expect(result.text == "too large")
            try await client.wait { $0.connections == 0 }
        }
        await server.shutdown()
    }

    // MARK: Limits

    @Test("past the limit calls wait in order, and past that limit they fail")
    func overload() async throws {
        let server = try await ScriptedServer { _ in [] }
        try await TestClient.with({
            $0.maxConnections = 1
            $0.maxWaitingCalls = 2
        }) { client async throws in
            var calls: [TestClient.Pending] = []
            for index in 0..<4 {
                calls.append(
                    try await client.begin(AppRequest(url: AppURL(server.url()), body: ByteBuffer(string: "\(index)")))
                )
            }
            #expect(try await calls[3].get().failure == .overloaded)
            let counters = try await client.counters()
            #expect(counters.waiting == 2)
            #expect(counters.connections == 1)
            for index in 0..<3 {
                while server.requests.count <= index { await Task.yield() }
                try await server.send(response(body: "\(index)"), on: 0)
                #expect(try await calls[index].get().text == "\(index)")
            }
        }
        #expect(server.requests.map(\.body) == ["0", "1", "2"])
        #expect(server.connectionCount == 1)
        await server.shutdown()
    }

    @Test("a slot that becomes free goes to the call that has waited longest, whatever its origin")
    func fairAcrossOrigins() async throws {
        let first = try await ScriptedServer { _ in [] }
        let second = try await ScriptedServer(answering: response(body: "second"))
        try await TestClient.with({ $0.maxConnections = 1 }) { client async throws in
            let running = try await client.begin(AppRequest(url: AppURL(first.url())))
            while first.requests.isEmpty { await Task.yield() }
            let other = try await client.begin(AppRequest(url: AppURL(second.url())))
            let same = try await client.begin(AppRequest(url: AppURL(first.url())))
            try await first.send(response(), on: 0)
            #expect(try await running.get().status == 200)
            #expect(try await other.get().text == "second")
            while first.requests.count < 2 { await Task.yield() }
            try await first.send(response(body: "again"), on: 1)
            #expect(try await same.get().text == "again")
        }
        await first.shutdown()
        await second.shutdown()
    }

    @Test("unused connections to other origins make room for a call")
    func eviction() async throws {
        let first = try await ScriptedServer(answering: response(body: "first"))
        let second = try await ScriptedServer(answering: response(body: "second"))
        try await TestClient.with({ $0.maxConnections = 1 }) { client async throws in
            for _ in 0..<3 {
                #expect(try await client.post(first.url()).text == "first")
                #expect(try await client.post(second.url()).text == "second")
            }
            #expect(try await client.counters().connections == 1)
        }
        await first.shutdown()
        await second.shutdown()
    }
}
