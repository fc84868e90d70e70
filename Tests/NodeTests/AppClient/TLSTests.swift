import Foundation
import NIOCore
import NIOSSL
import Testing

@testable import ApusNode

/// A self-signed certificate, made with the `openssl` program.
private struct Identity {
    let certificate: NIOSSLCertificate
    let key: NIOSSLPrivateKey

    /// `nil` when the program is missing.
    init?(_ names: String) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        let keyFile = directory.appendingPathComponent("key.pem").path
        let certificateFile = directory.appendingPathComponent("certificate.pem").path
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", keyFile, "-out", certificateFile, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=" + names,
        ]
        openssl.standardError = FileHandle.nullDevice
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try openssl.run()
            openssl.waitUntilExit()
            guard openssl.terminationStatus == 0,
                let certificate = try NIOSSLCertificate.fromPEMFile(certificateFile).first
            else { return nil }
            self.certificate = certificate
            self.key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        } catch {
            return nil
        }
    }

    static let shared = Identity("DNS:localhost,IP:127.0.0.1")
    static let elsewhere = Identity("DNS:elsewhere.example,IP:192.0.2.1")

    func serverContext() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)],
                privateKey: .privateKey(key)
            )
        )
    }

    func trust(_ configuration: inout AppClient.Configuration) {
        configuration.tls.trustRoots = .certificates([certificate])
    }
}

@Suite("TLS", .timeLimit(.minutes(1)), .enabled(if: Identity.shared != nil, "needs the openssl program"))
struct TLSTests {
    private let identity: Identity

    init() throws {
        identity = try #require(Identity.shared)
    }

    @Test("a certificate that nobody vouches for ends the call before the request is sent")
    func untrusted() async throws {
        let server = try await ScriptedServer(tls: identity.serverContext()) { _ in [.send(response())] }
        try await TestClient.with { client async throws in
            guard case .tls(let reason)? = try await client.post("https://localhost:\(server.port)/").failure else {
                Issue.record("trusted")
                return
            }
            #expect(reason == "certificate verify failed")
            try await client.wait { $0.connections == 0 }
        }
        #expect(server.requests.isEmpty)
        await server.shutdown()
    }

    @Test("a trusted certificate, by name and by address, with reuse", arguments: ["localhost", "127.0.0.1"])
    func trusted(host: String) async throws {
        let server = try await ScriptedServer(tls: identity.serverContext()) { request in
            [.send(response(body: request.body))]
        }
        try await TestClient.with(identity.trust) { client async throws in
            let large = String(repeating: "x", count: 1_000_000)
            for body in ["one", large, "three"] {
                #expect(try await client.post("https://\(host):\(server.port)/", body: body).text == body)
            }
            #expect(try await client.counters().opened == 1)
        }
        #expect(server.requests.first?.values("host") == ["\(host):\(server.port)"])
        await server.shutdown()
    }

    @Test("an unused connection that is being closed is not used")
    func closing() async throws {
        let server = try await ScriptedServer(tls: identity.serverContext()) { _ in [.send(response())] }
        try await TestClient.with(identity.trust) { client async throws in
            for connection in 0..<5 {
                #expect(try await client.post("https://localhost:\(server.port)/").status == 200)
                try await server.send("unsolicited", on: connection)
                try await client.wait { $0.connections == 0 }
            }
            #expect(try await client.counters().opened == 5)
        }
        await server.shutdown()
    }

    @Test("a trusted certificate for another name or address is refused", arguments: ["localhost", "127.0.0.1"])
    func wrongName(host: String) async throws {
        let elsewhere = try #require(Identity.elsewhere)
        let server = try await ScriptedServer(tls: elsewhere.serverContext()) { _ in [.send(response())] }
        try await TestClient.with(elsewhere.trust) { client in
            guard case .tls? = try await client.post("https://\(host):\(server.port)/").failure else {
                Issue.record("trusted")
                return
            }
        }
        #expect(server.requests.isEmpty)
        await server.shutdown()
    }

    @Test(
        "a server that does not speak TLS, or hangs up in the handshake",
        arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", ""])
    func plainServer(text: String) async throws {
        // A ClientHello never ends in an empty line, so the server is told to answer by hand.
        let server = try await ScriptedServer { _ in [] }
        try await TestClient.with { client async throws in
            let call = try await client.begin(AppRequest(url: AppURL("https://127.0.0.1:\(server.port)/")))
            while server.connectionCount == 0 { await Task.yield() }
            if text.isEmpty { try await server.close(0) } else { try await server.send(text, on: 0) }
            guard case .tls? = try await call.get().failure else {
                Issue.record("spoke TLS")
                return
            }
        }
        await server.shutdown()
    }

    @Test("a handshake that takes too long")
    func slowHandshake() async throws {
        let server = try await ScriptedServer { _ in [] }
        try await TestClient.with({ $0.connectTimeout = .seconds(3) }) { client async throws in
            let result = try await client.post("https://127.0.0.1:\(server.port)/")
            #expect(result.failure == .tls("no TLS handshake within 3000 ms"))
        }
        await server.shutdown()
    }
}
