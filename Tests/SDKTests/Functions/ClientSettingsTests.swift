import Testing

@testable import Apus

@Suite("Settings")
struct ClientSettingsTests {
    @Test(
        "INNGEST_DEV is a switch or a URL",
        arguments: [
            (nil, false, "http://127.0.0.1:8288"), ("", false, "http://127.0.0.1:8288"),
            ("0", false, "http://127.0.0.1:8288"), ("FALSE", false, "http://127.0.0.1:8288"),
            ("1", true, "http://127.0.0.1:8288"), ("true", true, "http://127.0.0.1:8288"),
            ("http://dev:1", true, "http://dev:1"), ("dev:1", true, "http://dev:1"),
        ] as [(String?, Bool, String)])
    func development(value: String?, isDevelopment: Bool, url: String) {
        let settings = ClientSettings(environment: value.map { ["INNGEST_DEV": $0] } ?? [:])
        #expect(settings.isDevelopment == isDevelopment)
        #expect(settings.apiURL == url)
        #expect(settings.eventURL == url)
    }

    @Test("URLs of their own come before the one for both")
    func urls() {
        let settings = ClientSettings(environment: [
            "INNGEST_DEV": "1", "INNGEST_BASE_URL": "http://a", "INNGEST_EVENT_API_BASE_URL": "http://b",
        ])
        #expect(settings.apiURL == "http://a")
        #expect(settings.eventURL == "http://b")
    }
}
