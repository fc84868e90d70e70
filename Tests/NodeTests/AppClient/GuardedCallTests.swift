import NIOCore
import Synchronization
import Testing

@testable import ApusNode

@Suite("Calls to addresses that are guarded", .timeLimit(.minutes(2)))
struct GuardedCallTests {
    private static func asGateway(_ configuration: inout AppClient.Configuration) {
        configuration.networks = .gateways(opening: .only([]))
        configuration.redirects = .asBrowsers
        configuration.maxRedirects = 10
    }

    private static let loopback = IPNetwork(known: "127.0.0.0/8")

    /// A server of names that gives one answer after the other; the last one for ever.
    private static func names(_ answers: String...) -> @Sendable (String) throws -> [SocketAddress] {
        let rest = Mutex(answers)
        return { _ in
            let answer = rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return [try SocketAddress(ipAddress: answer, port: 0)]
        }
    }

    @Test(
        "loopback and private addresses are refused before anything is sent",
        arguments: [
            "http://127.0.0.1:%", "http://localhost:%", "http://[::1]:%", "http://[::ffff:127.0.0.1]:%",
            "http://0.0.0.0:%",
            "http://2130706433:%", "http://0x7f.1:%",
        ])
    func refused(url: String) async throws {
        let server = try await ScriptedServer(answering: response(200))
        defer { Task { await server.shutdown() } }
        try await TestClient.with(Self.asGateway) { client async throws in
            let result = try await client.post(url.replacing("%", with: String(server.port)))
            guard case .refused(let reason) = result.failure else {
                Issue.record("\(result)")
                return
            }
            #expect(reason.contains("--allow-private-networks"))
        }
        #expect(server.connectionCount == 0)
    }

    @Test("a name that leads to another address at the second look does not help")
    func changingName() async throws {
        let server = try await ScriptedServer(answering: response(200, "Connection: close"))
        defer { Task { await server.shutdown() } }
        try await TestClient.with({
            Self.asGateway(&$0)
            $0.networks = .gateways(opening: .only([]))
            // First what is harmless and leads nowhere, then what is meant.
            $0.lookUp = Self.names("203.0.113.1", "127.0.0.1")
            $0.connectTimeout = .milliseconds(200)
        }) { client async throws in
            for _ in 0..<2 {
                let result = try await client.post("http://rebind.test:\(server.port)/")
                guard case .refused = result.failure else {
                    Issue.record("\(result)")
                    return
                }
            }
        }
        #expect(server.connectionCount == 0)
    }

    @Test("the address that was judged is the one that is connected to")
    func oneLook() async throws {
        let server = try await ScriptedServer(answering: response(200))
        defer { Task { await server.shutdown() } }
        try await TestClient.with({
            Self.asGateway(&$0)
            $0.networks = .gateways(opening: .only([Self.loopback].compactMap(\.self)))
            $0.lookUp = Self.names("127.0.0.1", "169.254.169.254")
        }) { client async throws in
            #expect(try await client.post("http://once.test:\(server.port)/").status == 200)
        }
    }

    @Test("a redirect to a guarded address is refused")
    func redirect() async throws {
        let server = try await ScriptedServer(
            answering: response(302, "Location: http://169.254.169.254/latest/meta-data", body: ""))
        defer { Task { await server.shutdown() } }
        try await TestClient.with({
            Self.asGateway(&$0)
            $0.networks = .gateways(opening: .all)
        }) { client async throws in
            guard case .refused(let reason) = try await client.post(server.url()).failure else {
                Issue.record("not refused")
                return
            }
            #expect(reason.contains("no option allows it"))
        }
    }

    @Test("redirects are followed as browsers do, and secrets stay with their origin")
    func asBrowsers() async throws {
        let other = try await ScriptedServer(answering: response(200, body: "end"))
        let first = try await ScriptedServer { [port = other.port] request in
            switch request.requestLine.split(separator: " ")[1] {
            case "/same?secret=1": [.send(response(307, "Location: /after?x=1", body: ""))]
            case "/other": [.send(response(307, "Location: http://127.0.0.1:\(port)/there", body: ""))]
            case "/get": [.send(response(302, "Location: http://127.0.0.1:\(port)/got", body: ""))]
            case "/loop": [.send(response(302, "Location: /loop", body: ""))]
            default: [.send(response(200, body: "done"))]
            }
        }
        let headers = [
            (name: "Authorization", value: "s3cret"), (name: "X-Api-Key", value: "s3cret"),
            (name: "Content-Type", value: "text/plain"), (name: "Accept", value: "text/html"),
        ]
        try await TestClient.with({
            Self.asGateway(&$0)
            $0.networks = .gateways(opening: .all)
        }) { client async throws in
            let same = try await client.post(first.url("/same?secret=1"), headers: headers, body: "b").get()
            #expect(same.url?.target == "/after?x=1")
            #expect(first.requests.last?.values("x-api-key") == ["s3cret"])
            #expect(first.requests.last?.body == "b")

            _ = try await client.post(first.url("/other"), headers: headers, body: "b").get()
            let there = try #require(other.requests.last)
            #expect(there.requestLine == "POST /there HTTP/1.1")
            #expect(there.body == "b")
            #expect(!there.lines.joined().contains("s3cret"))
            #expect(there.values("accept") == ["text/html"])

            _ = try await client.post(first.url("/get"), headers: headers, body: "b").get()
            let got = try #require(other.requests.last)
            #expect(got.requestLine == "GET /got HTTP/1.1")
            #expect(got.body.isEmpty)
            #expect(got.values("content-type").isEmpty)
            #expect(!got.lines.joined().contains("s3cret"))

            #expect(try await client.post(first.url("/loop")).failure == .tooManyRedirects)
            #expect(first.requests.count { $0.requestLine.contains("/loop") } == 11)
        }
        await first.shutdown()
        await other.shutdown()
    }

    @Test("apps may be on this machine, but not where clouds keep credentials")
    func apps() async throws {
        let server = try await ScriptedServer(answering: response(200))
        defer { Task { await server.shutdown() } }
        try await TestClient.with { client async throws in
            #expect(try await client.post(server.url()).status == 200)
            guard case .refused = try await client.post("http://169.254.169.254/").failure else {
                Issue.record("not refused")
                return
            }
            #expect(try await client.probe("http://169.254.169.254/") == false)
        }
    }
}
