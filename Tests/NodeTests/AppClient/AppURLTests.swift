import Testing

@testable import ApusNode

@Suite("AppURL")
struct AppURLTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let text, host: String
        let port: Int
        let target, hostHeader: String
        var testDescription: String { text }

        init(_ text: String, _ host: String, _ port: Int, _ target: String, _ hostHeader: String) {
            self.text = text
            self.host = host
            self.port = port
            self.target = target
            self.hostHeader = hostHeader
        }
    }

    @Test(
        "parses",
        arguments: [
            Good("http://localhost:3000/api/inngest", "localhost", 3000, "/api/inngest", "localhost:3000"),
            Good("HTTP://LocalHost", "localhost", 80, "/", "localhost"),
            Good("https://a.example", "a.example", 443, "/", "a.example"),
            Good("https://a.example:443/", "a.example", 443, "/", "a.example"),
            Good("https://a.example:80/", "a.example", 80, "/", "a.example:80"),
            Good("http://a.example:/x", "a.example", 80, "/x", "a.example"),
            Good("http://a.example?x=1", "a.example", 80, "/?x=1", "a.example"),
            Good("http://a.example#top", "a.example", 80, "/", "a.example"),
            Good(
                "http://a.example/x?fnId=a-b&stepId=step#top", "a.example", 80, "/x?fnId=a-b&stepId=step", "a.example"),
            Good("http://127.0.0.1:8288/", "127.0.0.1", 8288, "/", "127.0.0.1:8288"),
            Good("http://[::1]:3000/x", "::1", 3000, "/x", "[::1]:3000"),
            Good("https://[2001:DB8::1]", "2001:db8::1", 443, "/", "[2001:db8::1]"),
            Good("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", 80, "/", "[::ffff:127.0.0.1]"),
            Good("http://my_service.ns.svc.:65535/", "my_service.ns.svc.", 65535, "/", "my_service.ns.svc.:65535"),
            Good("http://a/é?q=ü", "a", 80, "/%C3%A9?q=%C3%BC", "a"),
            Good("http://a/x|y\"<z>\\^`{}", "a", 80, "/x%7Cy%22%3Cz%3E%5C%5E%60%7B%7D", "a"),
            Good("http://a/%zz%2F", "a", 80, "/%zz%2F", "a"),
            Good("http://a//b//", "a", 80, "//b//", "a"),
            Good("http://a/x@y:z", "a", 80, "/x@y:z", "a"),
        ]
    )
    func parses(_ good: Good) throws {
        let url = try AppURL(good.text)
        #expect(url.host == good.host)
        #expect(url.port == good.port)
        #expect(url.target == good.target)
        #expect(url.hostHeader == good.hostHeader)
    }

    @Test(
        "says what is wrong",
        arguments: [
            ("", .unsupportedScheme("")),
            ("localhost", .unsupportedScheme("")),
            ("localhost:3000/api", .unsupportedScheme("localhost")),
            ("ftp://a/", .unsupportedScheme("ftp")),
            ("ws://a/", .unsupportedScheme("ws")),
            ("://a", .unsupportedScheme("")),
            ("http:", .missingHost),
            ("http:/a", .missingHost),
            ("http://", .missingHost),
            ("http:///x", .missingHost),
            ("http://:80/", .missingHost),
            ("http://user@a/", .userInfo),
            ("http://user:secret@a/", .userInfo),
            ("http://@a/", .userInfo),
            ("http://a:0/", .invalidPort("0")),
            ("http://a:65536/", .invalidPort("65536")),
            ("http://a:99999999999999999999/", .invalidPort("99999999999999999999")),
            ("http://a:+80/", .invalidPort("+80")),
            ("http://a:8o/", .invalidPort("8o")),
            ("http://a:80:80/", .invalidPort("80:80")),
            ("http://::1/", .missingHost),
            ("http://[::1/", .invalidHost("[::1")),
            ("http://[::1]x/", .invalidHost("[::1]x")),
            ("http://[::g]/", .invalidHost("[::g]")),
            ("http://[127.0.0.1]/", .invalidHost("[127.0.0.1]")),
            ("http://[fe80::1%25eth0]/", .invalidHost("[fe80::1%25eth0]")),
            ("http://[]/", .invalidHost("[]")),
            ("http://bücher.example/", .invalidHost("bücher.example")),
            ("http://a%2Eb/", .invalidHost("a%2Eb")),
            ("http://a\\b/", .invalidHost("a\\b")),
            ("http://a b/", .invalidCharacter(offset: 8)),
            (" http://a/", .invalidCharacter(offset: 0)),
            ("http://a/\r\nX: y", .invalidCharacter(offset: 9)),
            ("http://a/\u{0}", .invalidCharacter(offset: 9)),
            ("http://a/\u{7F}", .invalidCharacter(offset: 9)),
        ] as [(String, AppURLError)]
    )
    func saysWhatIsWrong(_ text: String, _ error: AppURLError) {
        #expect(throws: error) { try AppURL(text) }
        #expect(!error.description.isEmpty)
    }

    @Test("accepts 8192 bytes and no more")
    func limit() throws {
        let start = "http://a/"
        let longest = start + String(repeating: "x", count: AppURL.maxBytes - start.utf8.count)
        #expect(try AppURL(longest).target.utf8.count == AppURL.maxBytes - 8)
        #expect(throws: AppURLError.tooLong(limit: 8192)) { try AppURL(longest + "x") }
    }

    @Test("URLs of one origin share it whatever their spelling")
    func origins() throws {
        #expect(try AppURL("http://A:80/x").origin == AppURL("HTTP://a/y?z").origin)
        #expect(try AppURL("http://a/").origin != AppURL("https://a/").origin)
        #expect(try AppURL("http://a/").origin != AppURL("http://a:81/").origin)
    }

    @Test("describes itself in a form that parses to the same URL")
    func roundTrip() throws {
        for text in ["http://[::1]:3000/x?y", "https://a.example", "http://a/é"] {
            let url = try AppURL(text)
            #expect(try AppURL(url.description) == url)
        }
    }
}
