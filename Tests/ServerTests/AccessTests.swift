import ApusCore
import ApusDashboard
import ApusNode
import ApusSQLite
import ApusStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import ApusServer

@Suite("Who gets in")
struct GatekeeperTests {
    static let signingKey = "signkey-prod-abcdef0123456789"
    static let hash = "eb9bfb0760ae28afdd80e2a5354756b4b5c3bcfa0afc5e96b4ae7b36c8faa380"
    private let gatekeeper: Gatekeeper

    static func keys() throws -> ServerKeys {
        ServerKeys(
            signing: try #require(try SigningKeys(parsing: [signingKey, "0011"])),
            event: try #require(try EventKeys(["one", "two"]))
        )
    }

    init() throws {
        gatekeeper = Gatekeeper(keys: try Self.keys())
    }

    private func status(
        _ access: Access, _ headers: HTTPFields = [:], method: HTTPRequest.Method = .get, key: String? = nil
    ) -> Int? {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "localhost", path: "/runs?status=failed", headerFields: headers)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        return gatekeeper.refusal(of: request, to: access, eventKey: key)?.status.code
    }

    @Test(
        "the key or its hash, by any of the configured keys",
        arguments: [
            "Bearer abcdef0123456789", "Bearer \(signingKey)", "bearer \(hash)", "BEARER signkey-prod-\(hash)",
            "Bearer 0011",
        ])
    func accepted(_ value: String) {
        for access in [Access.signingKey, .signingKeyInText, .page] {
            #expect(status(access, [.authorization: value]) == nil)
        }
    }

    @Test(
        "nothing else",
        arguments: [
            nil, "", "Bearer", "Bearer ", "Bearer undefined", "Basic abcdef0123456789", "abcdef0123456789",
            "Bearer one", "Bearer  abcdef0123456789", "Bearer 1100",
        ] as [String?])
    func refused(_ value: String?) {
        let headers: HTTPFields = value.map { [.authorization: $0] } ?? [:]
        for access in [Access.signingKey, .signingKeyInText, .page] { #expect(status(access, headers) == 401) }
    }

    @Test("event keys open the intake of events, and nothing else")
    func eventKeys() {
        #expect(status(.eventKey, key: "one") == nil)
        #expect(status(.eventKey, key: "two") == nil)
        for key in [nil, "", "One", "three", Self.signingKey] { #expect(status(.eventKey, key: key) == 401) }
        #expect(status(.eventKey, [.authorization: "Bearer \(Self.signingKey)"], key: "three") == 401)
        #expect(status(.signingKey, [.authorization: "Bearer one"]) == 401)
    }

    @Test("people are led to where they sign in, scripts and posts are refused")
    func people() {
        #expect(status(.page, [.accept: "text/html,*/*"]) == 303)
        #expect(status(.page, [.accept: "text/event-stream"]) == 401)
        #expect(status(.page, [.accept: "text/html"], method: .post) == 401)
        #expect(status(.signingKey, [.accept: "text/html"]) == 401)
    }

    @Test("a session opens pages, not the API")
    func sessions() throws {
        let value = try #require(
            Sessions(keys: try Self.keys().signing).begin(with: Self.signingKey, at: ServerClock.now()))
        let headers: HTTPFields = [.cookie: "apus-theme=dark; apus-session=\(value)"]
        #expect(status(.page, headers) == nil)
        #expect(status(.page, headers, method: .post) == nil)
        #expect(status(.signingKey, headers) == 401)
        #expect(status(.page, [.cookie: "apus-session=\(value)0"]) == 401)
    }

    @Test("a path is logged without an event key")
    func paths() {
        #expect(CommonHeaders.withoutKey("/e/secret") == "/e/…")
        #expect(CommonHeaders.withoutKey("//e/secret/more") == "/e/…")
        #expect(CommonHeaders.withoutKey("/events/1") == "/events/1")
    }

    @Test("what is open is open")
    func open() {
        #expect(status(.open) == nil)
    }

    @Test("the signing key publishes, and neither listens nor opens results")
    func publishers() {
        let headers: HTTPFields = [.authorization: "Bearer \(Self.signingKey)"]
        #expect(status(.publisher, headers) == nil)
        #expect(status(.publisher) == 401)
        #expect(status(.subscription, headers) == 401)
        #expect(status(.runToken, headers) == 401)
    }

    @Test("without keys everything is open but what needs a token")
    func development() {
        let gatekeeper = Gatekeeper(keys: nil)
        for access in [Access.open, .signingKey, .signingKeyInText, .eventKey, .page] {
            #expect(!gatekeeper.guards(access))
        }
        for access in [Access.runToken, .subscription, .publisher] { #expect(gatekeeper.guards(access)) }
    }
}

@Suite("Sessions")
struct SessionTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func sessions(_ keys: [String]) throws -> Sessions {
        Sessions(keys: try #require(try SigningKeys(parsing: keys)))
    }

    @Test("begin with any key of the server and with nothing else")
    func begin() throws {
        let sessions = try sessions(["0011", "2233"])
        for key in ["0011", "signkey-x-0011", "2233"] { #expect(sessions.begin(with: key, at: now) != nil) }
        for key in ["", "1100", "00112233"] { #expect(sessions.begin(with: key, at: now) == nil) }
    }

    @Test("end after their time, also on another start of the server")
    func end() throws {
        let value = try #require(try sessions(["0011"]).begin(with: "0011", at: now))
        let other = try sessions(["0011"])
        #expect(other.isOpen(value, at: now))
        #expect(other.isOpen(value, at: Timestamp(milliseconds: now.milliseconds + Sessions.length * 1_000 - 1_000)))
        #expect(!other.isOpen(value, at: Timestamp(milliseconds: now.milliseconds + Sessions.length * 1_000)))
    }

    @Test("end when their key is taken away")
    func rotation() throws {
        let value = try #require(try sessions(["0011"]).begin(with: "0011", at: now))
        #expect(try sessions(["2233", "0011"]).isOpen(value, at: now))
        #expect(try !sessions(["2233"]).isOpen(value, at: now))
    }

    @Test("cannot be made longer or made up")
    func forgery() throws {
        let sessions = try sessions(["0011"])
        let value = try #require(sessions.begin(with: "0011", at: now))
        let parts = value.split(separator: ".")
        let longer = "\((Int64(parts[0]) ?? 0) + 1).\(parts[1])"
        for text in [longer, String(parts[0]), "\(parts[0]).", ".\(parts[1])", "", ".", "\(value).", "\(parts[0]).00"] {
            #expect(!sessions.isOpen(text, at: now))
        }
        // Not even a signature that apps get to see is one.
        let keys = try #require(try SigningKeys(parsing: ["0011"]))
        let signature = keys.signature(of: [], at: Timestamp(milliseconds: (Int64(parts[0]) ?? 0) * 1_000))
        #expect(!sessions.isOpen("\(parts[0]).\(signature.suffix(64))", at: now))
    }
}

@Suite("All routes")
struct RouteAccessTests {
    /// What asks for no signing key, and why that is right.
    private static let exceptions: [String: Access] = [
        "GET /health": .open,  // Load balancers have no key.
        "POST /e": .open,  // Always refused: the key is missing.
        "POST /e/:key": .eventKey,
        "GET /dev": .signingKeyInText,
        "GET /assets/:file": .open,  // The same for everybody, and needed to sign in.
        "GET /login": .open,
        "POST /login": .open,
        "POST /logout": .open,
        // Whoever sent a request to an endpoint has a token for its result and its stream.
        "GET /v1/checkpoint/:id/output": .runToken,
        "GET /v1/http/runs/:id/output": .runToken,
        "GET /v1/realtime/sse": .subscription,
        "GET /v1/realtime/connect": .subscription,
        "POST /v1/realtime/publish": .publisher,
        "POST /v1/realtime/publish/tee": .publisher,
    ]

    @Test("are closed, except for those that are listed here")
    func closed() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let node = Node(store: try SQLiteStore(.temporary), configuration: .init(), loop: loop, logger: logger)
        let probe = AppProbe(loop: loop, userAgent: "test")
        let sync = AppSync(node: node, probe: probe, configuration: .init(), logger: logger)
        var configuration = ApusServer.Configuration()
        configuration.keys = try GatekeeperTests.keys()
        let dashboard = try Dashboard(node: node, sync: sync, version: "", keys: configuration.keys?.signing)
        let info = DevInfo(version: "", urls: [], discovers: false, polls: false, pollInterval: 5, retryInterval: 0)
        let server = ApusServer(
            node: node, sync: sync, info: info, configuration: configuration, logger: logger,
            pages: { dashboard.add(to: &$0) })

        let entries = server.table().entries
        #expect(entries.count > 60)
        var left = Self.exceptions
        for entry in entries {
            let name = "\(entry.method.rawValue) \(entry.path)"
            if let exception = left.removeValue(forKey: name) {
                #expect(entry.access == exception, "\(name)")
            } else {
                #expect(entry.access == .signingKey || entry.access == .page, "\(name)")
            }
        }
        #expect(left.isEmpty)
    }
}

@Suite("What apps say of themselves")
struct AppExplanationTests {
    @Test(
        "explains why they refuse a signed request",
        arguments: [
            (#"{"mode":"dev","has_signing_key":false}"#, "development mode"),
            (#"{"mode":"cloud","has_signing_key":false}"#, "no signing key"),
            (#"{"mode":"cloud","has_signing_key":true}"#, nil), (#"{"message":"Unauthorized"}"#, nil), ("[]", nil),
        ] as [(String, String?)])
    func explanations(body: String, part: String?) throws {
        let text = AppQuestions.explanation(try RawJSON(parsing: body).view)
        #expect((text == nil) == (part == nil))
        if let part { #expect(text?.contains(part) == true) }
    }
}
