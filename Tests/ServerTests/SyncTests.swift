import Testing

@testable import ApusServer

@Suite("Why an app did not sync")
struct SyncFailureTests {
    @Test(
        "the answer to the ping is turned into a stable word",
        arguments: [
            (401, "", "unauthorized"),
            (403, "", "forbidden"),
            (404, "", "url_not_found"),
            (500, "", "internal_server_error"),
            (400, #"{"message":"Your signing key is invalid"}"#, "invalid_signing_key"),
            (400, #"{"message":"No functions registered within your app"}"#, "no_functions"),
            (400, #"{"message":"At least one function is invalid"}"#, "invalid_function"),
            (400, #"{"message":"something else"}"#, "something else"),
            (400, "<html>", "bad_request"),
        ]
    )
    func reasons(status: Int, body: String, reason: String) {
        #expect(SyncFailure.reason(status: status, body: Array(body.utf8)) == reason)
    }

    @Test("a proxy's answer says nothing about the app", arguments: [502, 503, 405, 410])
    func proxies(status: Int) {
        #expect(SyncFailure.reason(status: status, body: []) == nil)
    }
}

@Suite("Looking for apps")
struct AppDiscoveryTests {
    @Test("the usual ports are looked at once each, and the environment's besides")
    func ports() {
        let usual = AppDiscovery.ports(extra: nil)
        #expect(Set(usual).count == usual.count)
        #expect(usual.contains(3_000) && usual.contains(8_787) && !usual.contains(4_000))
        #expect(AppDiscovery.ports(extra: 4_000) == usual + [4_000])
        #expect(AppDiscovery.ports(extra: 3_000) == usual)
    }
}
