import NIOCore
import Testing

@testable import ApusNode

@Suite("Following redirects", .timeLimit(.minutes(1)))
struct RedirectCallTests {
    private static func redirect(_ status: Int = 307, _ location: String) -> [ServerStep] {
        [.send(response(status, "Location: \(location)", body: "elsewhere"))]
    }

    @Test("method, headers and body of the first request are repeated", arguments: [301, 302, 303, 307, 308])
    func follows(status: Int) async throws {
        let server = try await ScriptedServer { request in
            request.requestLine.contains("/api")
                ? Self.redirect(status, "/moved?stepId=other") : [.send(response(body: "here"))]
        }
        try await TestClient.with { client async throws in
            let result = try await client.post(
                server.url("/api?fnId=f&stepId=step"),
                headers: [("X-Run-ID", "01J"), ("Authorization", "Bearer x")],
                body: "{\"a\":1}"
            )
            #expect(result.text == "here")
            #expect(try await client.counters().opened == 1)
        }
        let last = try #require(server.requests.last)
        #expect(last.requestLine == "POST /moved?stepId=other&fnId=f HTTP/1.1")
        #expect(last.body == "{\"a\":1}")
        #expect(last.values("x-run-id") == ["01J"])
        #expect(last.values("authorization") == ["Bearer x"])
        await server.shutdown()
    }

    @Test("another origin gets its own Host and no credentials")
    func otherOrigin() async throws {
        let target = try await ScriptedServer(answering: response(body: "there"))
        let server = try await ScriptedServer { _ in Self.redirect(308, "http://localhost:\(target.port)/x") }
        try await TestClient.with { client async throws in
            let result = try await client.post(
                server.url("/api?stepId=step"),
                headers: [("Authorization", "Bearer x"), ("X-Inngest-Signature", "t=1&s=2")]
            )
            #expect(result.text == "there")
        }
        let seen = try #require(target.requests.first)
        #expect(seen.requestLine == "POST /x?stepId=step HTTP/1.1")
        #expect(seen.values("host") == ["localhost:\(target.port)"])
        #expect(seen.values("authorization") == [])
        #expect(seen.values("x-inngest-signature") == ["t=1&s=2"])
        await server.shutdown()
        await target.shutdown()
    }

    @Test("a loop ends after 60 redirects")
    func loop() async throws {
        let server = try await ScriptedServer { _ in Self.redirect(302, "/again") }
        try await TestClient.with { client async throws in
            #expect(try await client.post(server.url()).failure == .tooManyRedirects)
        }
        #expect(server.requests.count == 61)
        await server.shutdown()
    }

    @Test("the deadline covers all hops")
    func deadline() async throws {
        let server = try await ScriptedServer { request in
            request.index < 5 ? Self.redirect(302, "/again") : []
        }
        try await TestClient.with { client async throws in
            let result = try await client.call(
                AppRequest(url: AppURL(server.url())),
                deadline: .now() + .milliseconds(300)
            )
            #expect(result.failure == .timeout)
        }
        #expect(server.requests.count <= 6)
        await server.shutdown()
    }

    @Test("somewhere that cannot be called is a failure", arguments: ["ftp://a/", "http://", "http://u:p@a/"])
    func badTarget(location: String) async throws {
        let server = try await ScriptedServer { _ in Self.redirect(302, location) }
        try await TestClient.with { client async throws in
            guard case .badRedirect(let reason)? = try await client.post(server.url()).failure else {
                Issue.record("followed")
                return
            }
            #expect(reason.contains(location))
            #expect(try await client.counters().idle == 1)
        }
        await server.shutdown()
    }

    @Test("a redirect without a target is an answer")
    func noLocation() async throws {
        let server = try await ScriptedServer(answering: response(302, body: "where?"))
        try await TestClient.with { client async throws in
            let result = try await client.post(server.url())
            #expect(result.status == 302)
            #expect(result.text == "where?")
        }
        await server.shutdown()
    }
}
