import NIOCore
import Testing

@testable import ApusNode

@Suite("Redirect")
struct RedirectTests {
    @Test(
        "resolves a location against the URL that sent it (RFC 3986 §5.4)",
        arguments: [
            ("https://b.example/x", "https://b.example/x"),
            ("HTTPS://B.example", "https://b.example/"),
            ("//b.example/x", "http://b.example/x"),
            ("/x", "http://a/x"),
            ("/x/../y/./z", "http://a/y/z"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("..", "http://a/b/"),
            (".", "http://a/b/c/"),
            ("g?y=1#s", "http://a/b/c/g?y=1"),
            ("?y", "http://a/b/c/d?y"),
            ("#s", "http://a/b/c/d?q"),
            ("", "http://a/b/c/d?q"),
            ("g:80/x", nil),
            ("/x:y", "http://a/x:y"),
            ("?x:y", "http://a/b/c/d?x:y"),
        ] as [(String, String?)]
    )
    func resolves(_ location: String, _ expected: String?) throws {
        let first = try AppURL("http://a/")
        let current = try AppURL("http://a/b/c/d?q")
        if let expected {
            #expect(try Redirect.target(location, from: current, of: first).description == expected)
        } else {
            #expect(throws: AppCallFailure.self) { try Redirect.target(location, from: current, of: first) }
        }
    }

    @Test(
        "adds the query parameters of the first request that the target lacks",
        arguments: [
            ("/y", "/y?fnId=f&stepId=step"),
            ("/y?", "/y?fnId=f&stepId=step"),
            ("/y?a=1", "/y?a=1&fnId=f&stepId=step"),
            ("/y?fnId=g", "/y?fnId=g&stepId=step"),
            ("/y?stepId=&fn%49d=g", "/y?stepId=&fn%49d=g"),
            ("/y?fnid=g", "/y?fnid=g&fnId=f&stepId=step"),
        ]
    )
    func mergesQuery(_ location: String, _ target: String) throws {
        let first = try AppURL("http://a/x?fnId=f&stepId=step")
        #expect(try Redirect.target(location, from: first, of: first).target == target)
    }

    @Test("refuses other schemes, credentials and URLs that grow too long")
    func refuses() throws {
        let first = try AppURL("http://a/x?q=" + String(repeating: "x", count: 4000))
        let tooLong = "/" + String(repeating: "y", count: 5000)
        for location in ["ftp://a/", "javascript:alert(1)", "http://u:p@a/", "http://", "/a b", tooLong] {
            #expect(throws: AppCallFailure.self) { try Redirect.target(location, from: first, of: first) }
        }
    }

    @Test("only five statuses with a location are redirects")
    func statuses() {
        for status in 300...308 {
            let isRedirect = [301, 302, 303, 307, 308].contains(status)
            let with = AppResponse(status: status, headers: ["location": "/x"], body: ByteBuffer())
            let without = AppResponse(status: status, headers: [:], body: ByteBuffer())
            #expect((Redirect.location(in: with) != nil) == isRedirect)
            #expect(Redirect.location(in: without) == nil)
        }
    }
}
