import NIOCore
import Testing

@testable import ApusNode

@Suite("Responses over the wire", .timeLimit(.minutes(2)))
struct ResponseTests {
    /// Calls a server that gives one answer and then perhaps closes.
    private func answer(
        _ steps: ServerStep...,
        method: String = "POST",
        configure: (inout AppClient.Configuration) -> Void = { _ in }
    ) async throws -> CallResult {
        let server = try await ScriptedServer { _ in steps }
        defer { Task { await server.shutdown() } }
        return try await TestClient.with(configure) { client async throws in
            try await client.call(AppRequest(method: method, url: AppURL(server.url()), body: ByteBuffer(string: "{}")))
        }
    }

    @Test("status, headers and body arrive, and the request as it was meant")
    func roundTrip() async throws {
        let server = try await ScriptedServer(
            answering: response(206, "Content-Type: application/json", "x-inngest-sdk: inngest-js:v4", body: "[]")
        )
        try await TestClient.with { client async throws in
            let result = try await client.post(
                server.url("/api?fnId=f&stepId=step"),
                headers: [("X-Run-ID", "01J")],
                body: "{\"event\":{}}"
            )
            let response = try result.get()
            #expect(response.status == 206)
            #expect(response.headers.first(name: "X-Inngest-SDK") == "inngest-js:v4")
            #expect(response.headers.first(name: "x-inngest-no-retry") == nil)
            #expect(String(buffer: response.body) == "[]")
        }
        let seen = try #require(server.requests.first)
        #expect(seen.requestLine == "POST /api?fnId=f&stepId=step HTTP/1.1")
        #expect(seen.values("host") == ["127.0.0.1:\(server.port)"])
        #expect(seen.values("user-agent") == ["Apus"])
        #expect(seen.values("accept-encoding") == ["gzip"])
        #expect(seen.values("content-length") == ["12"])
        #expect(seen.values("x-run-id") == ["01J"])
        #expect(seen.body == "{\"event\":{}}")
        await server.shutdown()
    }

    @Test("an error page is a response like any other")
    func html() async throws {
        let result = try await answer(.send(response(502, "Content-Type: text/html", body: "<h1>Bad gateway</h1>")))
        #expect(result.status == 502)
        #expect(result.text == "<h1>Bad gateway</h1>")
    }

    @Test("1xx responses are skipped")
    func informational() async throws {
        let result = try await answer(
            .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + response(201))
        )
        #expect(result.status == 201)
        #expect(result.text == "ok")
    }

    @Test("chunked bodies, with extensions and trailers")
    func chunked() async throws {
        let result = try await answer(
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n"),
            .send("A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n")
        )
        #expect(result.text == "abc0123456789")
    }

    @Test("a body without a length ends with the connection")
    func untilClose() async throws {
        let result = try await answer(.send("HTTP/1.1 200 OK\r\n\r\nabc"), .send("def"), .close)
        #expect(result.text == "abcdef")
        #expect(try await answer(.send("HTTP/1.0 200 OK\r\n\r\nabc"), .close).text == "abc")
    }

    @Test("responses without a body")
    func noBody() async throws {
        #expect(try await answer(.send("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")).text == "")
        #expect(try await answer(.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")).text == "")
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n"
        #expect(try await answer(.send(head), method: "HEAD").text == "")
        #expect(
            try await answer(.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n")).text == ""
        )
    }

    @Test("a body may come as slowly as it likes")
    func slow() async throws {
        let server = try await ScriptedServer { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")] }
        try await TestClient.with { client async throws in
            let call = try await client.begin(AppRequest(url: AppURL(server.url())))
            while server.requests.isEmpty { await Task.yield() }
            for piece in ["a", "bc", "def"] { try await server.send(piece, on: 0) }
            #expect(try await call.get().text == "abcdef")
        }
        await server.shutdown()
    }

    @Test("large bodies in both directions")
    func large() async throws {
        let text = String(repeating: "0123456789", count: 300_000)
        let server = try await ScriptedServer { request in
            [.send(response(body: request.body == text ? text : "wrong"))]
        }
        try await TestClient.with { client async throws in
            for _ in 0..<2 { #expect(try await client.post(server.url(), body: text).text == text) }
            #expect(try await client.counters().opened == 1)
        }
        await server.shutdown()
    }

    // MARK: Encodings and limits

    @Test("gzip bodies are decoded, several on one connection, between others")
    func gzip() async throws {
        let texts = ["hello", String(repeating: "abcdefg", count: 20_000), ""]
        let server = try await ScriptedServer { request in
            if request.index % 2 == 1 { return [.send(response(body: "plain"))] }
            let bytes = Gzip.stored(texts[request.index / 2])
            return [
                .send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n"),
                .sendBytes(bytes),
            ]
        }
        try await TestClient.with { client async throws in
            for text in texts {
                #expect(try await client.post(server.url()).text == text)
                #expect(try await client.post(server.url()).text == "plain")
            }
            #expect(try await client.counters().opened == 1)
        }
        await server.shutdown()
    }

    private func gzipped(_ bytes: [UInt8]) -> [ServerStep] {
        [
            .send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n"),
            .sendBytes(bytes),
        ]
    }

    @Test("an observer hears of the response while it arrives: decoded, without redirects")
    func observed() async throws {
        let zipped = gzipped(Gzip.stored("unpacked"))
        let server = try await ScriptedServer { request in
            switch request.requestLine.split(separator: " ")[1] {
            case "/from": [.send(response(302, "Location: /zipped", body: "elsewhere"))]
            case "/zipped": zipped
            default:
                [
                    .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), .close,
                ]
            }
        }
        try await TestClient.with { client async throws in
            let whole = try await client.observe(server.url("/from"))
            #expect(whole.result.text == "unpacked")
            #expect(whole.seen.first == "200")
            #expect(whole.seen.dropFirst().joined() == "unpacked")
            let half = try await client.observe(server.url("/half"))
            #expect(half.seen == ["200", "half"])
            #expect(throws: AppCallFailure.self) { try half.result.get() }
        }
        await server.shutdown()
    }

    @Test("a small gzip body that becomes huge is stopped at the limit")
    func bomb() async throws {
        let bytes = Gzip.bomb(repeats: 40_000)
        #expect(bytes.count < 80_000)
        let server = try await ScriptedServer { [gzipped] _ in gzipped(bytes) }
        try await TestClient.with { client async throws in
            #expect(try await client.post(server.url()).failure == .responseTooLarge(limit: 8 * 1024 * 1024))
        }
        await server.shutdown()
    }

    @Test("gzip data that is corrupt, cut short or followed by something else is refused", arguments: 0..<4)
    func corruptGzip(kind: Int) async throws {
        var bytes = Gzip.stored("hello world")
        switch kind {
        case 0: bytes[bytes.count - 5] ^= 1
        case 1: bytes.removeLast(3)
        case 2: bytes += [1, 2, 3]
        default: bytes = Array("this is not gzip".utf8)
        }
        let server = try await ScriptedServer { [gzipped, bytes] _ in gzipped(bytes) }
        try await TestClient.with { client async throws in
            guard case .protocolViolation? = try await client.post(server.url()).failure else {
                Issue.record("accepted")
                return
            }
        }
        await server.shutdown()
    }

    @Test("other encodings are refused")
    func encodings() async throws {
        let result = try await answer(.send(response(200, "Content-Encoding: br")))
        #expect(result.failure == .unsupportedEncoding("br"))
    }

    @Test("the largest body that is accepted, and one byte more", arguments: [false, true])
    func limit(chunked: Bool) async throws {
        for (count, fits) in [(1000, true), (1001, false)] {
            let body = String(repeating: "x", count: count)
            let text =
                chunked
                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
                : response(body: body)
            let result = try await answer(.send(text)) { $0.maxResponseBytes = 1000 }
            #expect(result.failure == (fits ? nil : .responseTooLarge(limit: 1000)))
        }
    }

    @Test("a head above its limit is refused")
    func headLimit() async throws {
        let long = response(200, "X-Long: " + String(repeating: "x", count: 3000))
        #expect(try await answer(.send(long)).status == 200)
        let result = try await answer(.send(long)) { $0.maxResponseHeaderBytes = 2000 }
        guard case .protocolViolation? = result.failure else {
            Issue.record("\(result)")
            return
        }
    }

    // MARK: Violations

    @Test(
        "what is not HTTP/1 is refused",
        arguments: [
            "hello\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: empty name\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        ]
    )
    func malformed(text: String) async throws {
        let result = try await answer(.send(text))
        guard case .protocolViolation? = result.failure else {
            Issue.record("\(result)")
            return
        }
    }

    @Test("a body that ends early is refused", arguments: [ServerStep.close, .reset])
    func truncated(end: ServerStep) async throws {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ] {
            let server = try await ScriptedServer { _ in [.send(text)] }
            try await TestClient.with { client async throws in
                let call = try await client.begin(AppRequest(url: AppURL(server.url())))
                while server.requests.isEmpty { await Task.yield() }
                try await server.close(0)
                guard case .protocolViolation? = try await call.get().failure else {
                    Issue.record("accepted")
                    return
                }
            }
            await server.shutdown()
        }
    }

    @Test("a connection that ends before the head is no response")
    func noHead() async throws {
        for steps in [
            [.close], [.reset], [.send("HTTP/1.1 20"), .close], [.send("HTTP/1.1 200 OK\r\nX: y\r\n"), .close],
        ]
            as [[ServerStep]]
        {
            let server = try await ScriptedServer { _ in steps }
            try await TestClient.with { client async throws in
                guard case .unreachable? = try await client.post(server.url()).failure else {
                    Issue.record("\(steps)")
                    return
                }
            }
            #expect(server.requests.count == 1)
            await server.shutdown()
        }
    }

    @Test("responses with random damage end in a result", arguments: 0..<4)
    func damaged(seed: UInt64) async throws {
        let bytes = Gzip.stored("the quick brown fox")
        let originals =
            [
                Array((response(200, "Connection: keep-alive", "Keep-Alive: timeout=5", body: "hello")).utf8),
                Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".utf8),
                Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n".utf8)
                    + bytes,
                Array("HTTP/1.1 302 Found\r\nLocation: /again?x=1\r\nContent-Length: 0\r\n\r\n".utf8),
            ]
        let random = LockedRandom(seed: seed)
        let server = try await ScriptedServer { _ in
            var bytes = originals[random.next(originals.count)]
            for _ in 0..<random.next(4) {
                switch random.next(3) {
                case 0: bytes[random.next(bytes.count)] = UInt8(random.next(256))
                case 1: bytes.remove(at: random.next(bytes.count))
                default: bytes.insert(UInt8(random.next(256)), at: random.next(bytes.count))
                }
            }
            return random.next(20) == 0 ? [.sendBytes(bytes)] : [.sendBytes(bytes), .close]
        }
        try await TestClient.with({ $0.maxRedirects = 3 }) { client async throws in
            for _ in 0..<250 {
                _ = try await client.call(
                    AppRequest(url: AppURL(server.url()), body: ByteBuffer(string: "{}")),
                    deadline: .now() + .milliseconds(200)
                )
            }
        }
        await server.shutdown()
    }
}
