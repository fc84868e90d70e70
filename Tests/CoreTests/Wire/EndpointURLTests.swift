import ApusCore
import Testing

@Suite("URLs of apps")
struct EndpointURLTests {
    @Test(
        "the normal form",
        arguments: [
            ("http://localhost:3000/api/inngest", "http://localhost:3000/api/inngest"),
            ("http://127.0.0.1:3000/api/inngest", "http://localhost:3000/api/inngest"),
            ("http://0.0.0.0:3000/x?b=2&a=1", "http://localhost:3000/x?a=1&b=2"),
            ("http://127.0.0.1/x", "http://127.0.0.1/x"), ("http://0.0.0.0", "http://0.0.0.0"),
            ("http://LocalHost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:80/x", "http://localhost/x"), ("http://example.com:80", "http://example.com"),
            ("ws://example.com:80/", "ws://example.com/"), ("https://example.com:443/x", "https://example.com/x"),
            ("wss://example.com:443", "wss://example.com"), ("http://example.com:443", "http://example.com:443"),
            ("https://example.com:80", "https://example.com:80"), ("https://example.com:0443/", "https://example.com/"),
            ("HTTPS://Example.com/Path/", "https://Example.com/Path/"),
            ("http://h/x?deployId=d&fnId=f&probe=trust&stepId=step", "http://h/x?fnId=f&stepId=step"),
            ("http://h/x?deployId=d", "http://h/x"), ("http://h/x?", "http://h/x"), ("http://h?a", "http://h?a="),
            ("http://h/x?a=2&a=1&A=0", "http://h/x?A=0&a=2&a=1"),
            ("http://h/x?q=a%20b+c&z=%C3%A9%2f", "http://h/x?q=a+b+c&z=%C3%A9%2F"),
            ("http://h/x?q=é~-_.!", "http://h/x?q=%C3%A9~-_.%21"),
            ("http://h/x?p=100%&q=%zz", "http://h/x?p=100%25&q=%25zz"),
            ("http://h/x?&&a=1&", "http://h/x?a=1"), ("http://h/x?=1", "http://h/x?=1"),
            ("http://h/x#frag?a=1", "http://h/x"),
            ("http://h/a%20b//c/../d", "http://h/a%20b//c/../d"), ("http://[::1]:3000/x", "http://[::1]:3000/x"),
            ("http://[::1]", "http://[::1]"), ("http://my_host.internal:8080/x", "http://my_host.internal:8080/x"),
        ])
    func normalForm(text: String, expected: String) throws {
        let url = try EndpointURL(text)
        #expect(url.description == expected)
        #expect(try EndpointURL(expected) == url, "the normal form is its own normal form")
    }

    @Test(
        "what is no address of an app",
        arguments: [
            ("", .unsupportedScheme), ("example.com/x", .unsupportedScheme), ("localhost:3000", .unsupportedScheme),
            ("ftp://h/x", .unsupportedScheme), ("http:/h", .missingHost), ("http:", .missingHost),
            ("http://", .missingHost),
            ("http:///x", .missingHost), ("http://:80", .missingHost), ("http://u:p@h/x", .userInfo),
            ("http://@h", .userInfo),
            ("http://h:0", .invalidPort("0")), ("http://h:65536", .invalidPort("65536")),
            ("http://h:", .invalidPort("")),
            ("http://h:x", .invalidPort("x")), ("http://h:+80", .invalidPort("+80")),
            ("http://h:8 0", .invalidCharacter(offset: 10)),
            ("http://h/\n", .invalidCharacter(offset: 9)), ("http://h\u{7F}", .invalidCharacter(offset: 8)),
            ("http://é", .invalidHost("é")), ("http://a\"b", .invalidHost("a\"b")),
            ("http://[::1", .invalidHost("[::1")),
            ("http://[::1]x", .invalidPort("")),
            ("http://h:99999999999999999999", .invalidPort("99999999999999999999")),
        ] as [(String, EndpointURLError)])
    func errors(text: String, expected: EndpointURLError) {
        #expect(throws: expected) { try EndpointURL(text) }
    }

    @Test("a URL has at most 4096 bytes")
    func length() throws {
        let longest = "http://h/" + String(repeating: "x", count: 4_087)
        #expect(try EndpointURL(longest).description == longest)
        #expect(throws: EndpointURLError.tooLong) { try EndpointURL(longest + "x") }
    }

    @Test("the scheme decides the transport", arguments: EndpointURL.Scheme.allCases)
    func schemes(scheme: EndpointURL.Scheme) throws {
        #expect(try EndpointURL("\(scheme.rawValue)://h").scheme == scheme)
    }

    @Test(
        "the step is set at its place in the sorted query",
        arguments: [
            ("http://h/x?fnId=a-b&stepId=step", "http://h/x?fnId=a-b&stepId=@"),
            ("http://h/x?fnId=a-b&step=step", "http://h/x?fnId=a-b&step=step&stepId=@"),
            ("http://h/x", "http://h/x?stepId=@"),
            ("http://h/x?", "http://h/x?stepId=@"),
            ("http://h/x?z=1&a=2&stepId=0&stepId=1", "http://h/x?a=2&stepId=@&z=1"),
            ("http://h/x?stepIdx=1&stepI=2", "http://h/x?stepI=2&stepId=@&stepIdx=1"),
            ("http://h/x?stepId=1#f", "http://h/x?stepId=@"),
            ("not a url", "not a url?stepId=@"), ("", "?stepId=@"),
        ])
    func template(url: String, expected: String) throws {
        let template = StepURLTemplate(url)
        let step = StepID.hashing("a")
        #expect(template.url(for: step) == expected.replacing("@", with: step.description))
        #expect(template.url(for: nil) == expected.replacing("@", with: "step"))
        #expect(StepURLTemplate(url).url(stepID: "step") == template.url(for: nil))
    }

    @Test("a step's id is percent-encoded where it must be")
    func encodedStep() throws {
        let step = try #require(StepID("a b&c=é"))
        #expect(StepURLTemplate("http://h?b=1&z=2").url(for: step) == "http://h?b=1&stepId=a+b%26c%3D%C3%A9&z=2")
        #expect(StepURLTemplate("http://h").url(stepID: "") == "http://h?stepId=")
    }
}
