import ApusCore
import Testing

@testable import Apus

@Suite("Syncs and signatures")
struct SyncTests {
    private static let key = "signkey-prod-abcdef0123456789"
    private static let old = "signkey-prod-0123456789abcdef"

    private func client(_ transport: FakeTransport = .silent, isSigned: Bool = false) -> Client {
        .test(transport: transport) { settings in
            guard isSigned else { return }
            settings.isDevelopment = false
            settings.signingKey = SyncTests.key
            settings.signingKeyFallback = SyncTests.old
        }
    }

    private func functions(_ client: Client) -> [any Servable] {
        [
            client.function(
                "all", on: SignedUp.self, if: "event.data.userID != ''", .retries(2), .concurrency(10, by: \.userID),
                .concurrency(3, by: \.email, in: .environment), .throttle(5, per: .minutes(1), burst: 2, by: \.userID),
                .debounce(.seconds(5), atMost: .minutes(1), by: \.email), .priority("120"),
                .singleton(.cancel, by: \.userID), .timeouts(start: .hours(1), finish: .days(2)),
                .cancel(on: SignedUp.self, matching: \.userID, within: .days(1)), .onFailure { _, _ in }
            ) { _, _ in 1 },
            client.function("rated", on: SignedUp.self, .rateLimit(1, per: .hours(1), by: \.userID), .runs(2)) { _, _ in
            },
            client.function("once", on: SignedUp.self, .idempotency(by: \.userID)) { _, _ in },
            client.function("batch", batching: SignedUp.self, upTo: 10, within: .seconds(2)) { _, _ in },
            client.function("nightly", cron: "TZ=Europe/Berlin 0 3 * * *") { _ in 1 },
            client.function("child", input: [String: Int].self) { _, _ in 1 },
            client.function("any", triggers: [.event("user/*"), .cron("0 * * * *", jitter: .seconds(5))]) { _, _ in 1 },
        ]
    }

    private func put(_ headers: [(name: String, value: String)] = []) -> AppRequest {
        AppRequest(
            method: "PUT", target: "/api/inngest", headers: [("Host", "app.example:3000")] + headers,
            body: Array(#"{"url":"http://app.example:3000/api/inngest"}"#.utf8))
    }

    @Test("a registration says everything of the functions, in the words of the server")
    func registration() async throws {
        let transport = FakeTransport { _ in
            TransportResponse(status: 200, body: Array(#"{"ok":true,"modified":true}"#.utf8))
        }
        let client = client(transport)
        let endpoint = Endpoint(client, functions: functions(client))
        #expect(endpoint.problems == [])
        let reply = TestReply(response: await endpoint.handle(put([("X-Inngest-Server-Kind", "dev")])))
        #expect("\(reply)" == #"200 {"message":"Successfully registered","modified":true}"#)
        let request = try #require(transport.requests.first)
        #expect(request.url == "http://127.0.0.1:8288/fn/register")
        #expect(request.headers.contains { $0 == ("X-Inngest-Expected-Server-Kind", "dev") })
        let registration = try Registration.decode(request.body)
        #expect(registration.url == "http://app.example:3000/api/inngest")
        #expect(registration.sdkLanguage == "swift")
        #expect(
            registration.functions.map(\.slug).sorted() == [
                "test-all", "test-all-failure", "test-any", "test-batch", "test-child", "test-nightly", "test-once",
                "test-rated",
            ])
        let all = try #require(registration.functions.first { $0.slug == "test-all" })
        #expect(all.retries == 2)
        #expect(
            all.flowControl.concurrency == [
                .init(limit: 3, key: "event.data.email", scope: .environment),
                .init(limit: 10, key: "event.data.userID"),
            ])
        #expect(all.flowControl.throttle == .init(limit: 5, period: .minutes(1), burst: 2, key: "event.data.userID"))
        #expect(all.flowControl.debounce == .init(period: .seconds(5), key: "event.data.email", timeout: .minutes(1)))
        #expect(all.flowControl.priority == "120")
        #expect(all.flowControl.singleton == .init(mode: .cancel, key: "event.data.userID"))
        #expect(all.timeouts == .init(start: .hours(1), finish: .days(2)))
        #expect(all.cancellations.first?.condition == "event.data.userID == async.data.userID")
        #expect(all.triggers == [.event(name: "user/signed-up", filter: .expression("event.data.userID != ''"))])
        let batch = try #require(registration.functions.first { $0.slug == "test-batch" })
        #expect(batch.flowControl.batch == .init(size: 10, timeout: .seconds(2)))
    }

    @Test("functions that cannot be are named, and the app does not register")
    func problems() async {
        let client = client()
        let wrong: [any Servable] = [
            client.function("a", on: SignedUp.self, .concurrency(1, by: \.userID.count)) { _, _ in },
            client.function("a", on: SignedUp.self) { _, _ in },
        ]
        let endpoint = Endpoint(client, functions: wrong)
        #expect(endpoint.problems.count == 2)
        let reply = TestReply(response: await endpoint.handle(put()))
        #expect(reply.response.status == 500)
        #expect(reply.json["message"]?.string?.contains("function a: ") == true)
        let get = AppRequest(method: "GET", target: "/api/inngest", headers: [], body: [])
        #expect(TestReply(response: await endpoint.handle(get)).json["problems"]?.count == 2)
        let periods = Endpoint(
            client, functions: [client.function("p", on: SignedUp.self, .debounce(.days(30))) { _, _ in }])
        #expect(periods.problems.first?.contains("debounce") == true)
    }

    @Test("with keys every call needs a signature, of the one key or the other, and so is the answer signed")
    func signatures() async throws {
        let client = client(isSigned: true)
        let endpoint = Endpoint(client, functions: [client.function("function", on: SignedUp.self) { _, _ in }])
        var request = TestCall().request
        #expect(await endpoint.handle(request).status == 401)
        for key in [SyncTests.key, SyncTests.old] {
            let keys = try #require(try SigningKeys(parsing: [key]))
            request.headers = [("X-Inngest-Signature", keys.signature(of: request.body, at: .now))]
            let reply = TestReply(response: await endpoint.handle(request))
            #expect("\(reply)" == "200 null")
            #expect(keys.verdict(on: reply.header("x-inngest-signature"), of: reply.response.body, at: .now) == .valid)
        }
        let other = try #require(try SigningKeys(parsing: ["abcd"]))
        for (keys, age) in [(other, 0), (try #require(try SigningKeys(parsing: [SyncTests.key])), 400)] {
            let time = Timestamp.now - .seconds(age)
            request.headers = [("X-Inngest-Signature", keys.signature(of: request.body, at: time))]
            let reply = TestReply(response: await endpoint.handle(request))
            #expect(reply.response.status == 401)
            #expect(reply.header("x-inngest-sdk") == nil)
        }
        let get = AppRequest(method: "GET", target: "/api/inngest", headers: [], body: [])
        #expect(await endpoint.handle(get).status == 401)
    }

    @Test("a signed sync that asks for it is answered with the registration")
    func inBand() async throws {
        let client = client(isSigned: true)
        let endpoint = Endpoint(client, functions: functions(client))
        var request = put([("X-Inngest-Sync-Kind", "in_band")])
        #expect(await endpoint.handle(request).status == 401)
        let keys = try #require(try SigningKeys(parsing: [SyncTests.key]))
        request.headers.append(("X-Inngest-Signature", keys.signature(of: request.body, at: .now)))
        let reply = TestReply(response: await endpoint.handle(request))
        #expect(reply.header("x-inngest-sync-kind") == "in_band")
        let registration = try Registration.decodeInBand(reply.response.body)
        #expect(registration.appName == "test")
        #expect(registration.functions.count == 8)
    }

    @Test("an app without keys says so")
    func noKeys() {
        let client = Client.test { $0.isDevelopment = false }
        #expect(Endpoint(client, functions: []).problems.first?.contains("INNGEST_SIGNING_KEY") == true)
    }
}
