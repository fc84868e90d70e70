import NIOCore
import Testing

@testable import ApusNode

@Suite("Requests on the wire")
struct RequestWriterTests {
    private func text(_ request: AppRequest, to url: String? = nil) throws -> String {
        String(buffer: RequestWriter().message(request, to: try url.map { try AppURL($0) } ?? request.url))
    }

    @Test("head and body of a POST")
    func post() throws {
        let request = AppRequest(
            url: try AppURL("http://localhost:3000/api?fnId=f"),
            headers: [("Content-Type", "application/json"), ("X-Run-ID", "01J")],
            body: ByteBuffer(string: "{\"a\":1}")
        )
        #expect(
            try text(request) == """
                POST /api?fnId=f HTTP/1.1\r
                Host: localhost:3000\r
                Accept-Encoding: gzip\r
                Content-Type: application/json\r
                X-Run-ID: 01J\r
                User-Agent: Apus\r
                Content-Length: 7\r
                \r
                {"a":1}
                """
        )
    }

    @Test("an empty body has a length where a body is expected", arguments: ["POST", "PUT", "PATCH"])
    func emptyBody(method: String) throws {
        #expect(try text(AppRequest(method: method, url: AppURL("http://a/"))).contains("\r\nContent-Length: 0\r\n"))
    }

    @Test("an empty body has none elsewhere", arguments: ["GET", "HEAD", "DELETE", "OPTIONS"])
    func noBody(method: String) throws {
        #expect(!(try text(AppRequest(method: method, url: AppURL("http://a/"))).contains("Content-Length")))
    }

    @Test("fields that steer the connection are the client's")
    func ownedFields() throws {
        let names = [
            "Host", "content-length", "Transfer-Encoding", "CONNECTION", "Keep-Alive", "TE", "Trailer", "Upgrade",
            "Expect", "Accept-Encoding", "Proxy-Connection",
        ]
        let message = try text(AppRequest(url: AppURL("http://a/"), headers: names.map { ($0, "forged") }))
        #expect(!message.contains("forged"))
    }

    @Test("a given User-Agent replaces the client's")
    func userAgent() throws {
        let message = try text(AppRequest(url: AppURL("http://a/"), headers: [("user-agent", "Mine")]))
        #expect(message.contains("user-agent: Mine\r\n"))
        #expect(!message.contains("Apus"))
    }

    @Test("credentials stay with the origin they were given for; the signature goes along")
    func credentials() throws {
        let request = AppRequest(
            url: try AppURL("http://a/"),
            headers: [
                ("Authorization", "secret"), ("Cookie", "secret"), ("Proxy-Authorization", "secret"),
                ("X-Inngest-Signature", "t=1&s=2"),
            ]
        )
        for url in ["http://b/", "http://a:81/", "https://a/"] {
            let message = try text(request, to: url)
            #expect(!message.contains("secret"))
            #expect(message.contains("X-Inngest-Signature: t=1&s=2\r\n"))
        }
        #expect(try text(request, to: "http://a/elsewhere").contains("Authorization: secret\r\n"))
    }

    @Test("a large body is left to be written on its own")
    func largeBody() throws {
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: RequestWriter.largeBody + 1)
        let message = try text(AppRequest(url: AppURL("http://a/"), body: body))
        #expect(message.hasSuffix("Content-Length: 16385\r\n\r\n"))
    }

    @Test("the writer's buffers do not mix messages that are still queued")
    func reuse() throws {
        let writer = RequestWriter()
        let first = writer.message(
            AppRequest(url: try AppURL("http://first/"), body: ByteBuffer(string: "1")), to: try AppURL("http://first/")
        )
        let second = writer.message(AppRequest(url: try AppURL("http://second/")), to: try AppURL("http://second/"))
        #expect(String(buffer: first).contains("Host: first\r\n"))
        #expect(String(buffer: second).contains("Host: second\r\n"))
    }

    @Test(
        "requests that would forge the message have a flaw",
        arguments: [
            ("POST", "X-A", "1\r\nX-B: 2"), ("POST", "X-A", "1\n2"), ("POST", "X-A", "\u{0}"),
            ("POST", "X-A", "\u{7F}"),
            ("POST", "X-A: 1\r\nX-B", "2"), ("POST", "X A", "2"), ("POST", "", "2"), ("POST", "X-Ä", "2"),
            ("POST / HTTP/1.1\r\nX:", "X-A", "1"), ("", "X-A", "1"), ("CONNECT", "X-A", "1"),
        ]
    )
    func flaws(method: String, name: String, value: String) throws {
        #expect(try AppRequest(method: method, url: AppURL("http://a/"), headers: [(name, value)]).firstFlaw() != nil)
    }

    @Test("tabs, non-ASCII text and empty values have none")
    func noFlaws() throws {
        for value in ["", "a\tb", "ü", String(repeating: "x", count: 10_000)] {
            #expect(try AppRequest(url: AppURL("http://a/"), headers: [("X-A", value)]).firstFlaw() == nil)
        }
    }
}
