import NIOCore
import NIOHTTP1
import Testing

@testable import ApusNode

@Suite("ConnectionState")
struct ConnectionStateTests {
    private typealias Event = ConnectionState.Event

    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// Plays events after a request and returns what each of them led to.
    private func play(
        reused: Bool = false,
        written: Bool = true,
        limit: Int = 10,
        _ events: Event...
    ) -> [String] {
        var state = ConnectionState(maxResponseBytes: limit, staleWindow: .seconds(1))
        _ = state.received(.requestStarted(isReused: reused, isWritten: written, at: Self.start))
        return events.map { Self.text(state.received($0)) }.filter { $0 != "none" }
    }

    private static func text(_ action: ConnectionState.Action) -> String {
        switch action {
        case .none: "none"
        case .beginDecoding(let bytes): "begin decoding \(String(buffer: bytes))"
        case .decode(let bytes): "decode \(String(buffer: bytes))"
        case .endDecoding: "end decoding"
        case .respond(let response, let reuse):
            "respond \(response.status) \(String(buffer: response.body)) \(reuse ? "reuse" : "close")"
        case .fail(let failure, let isStale): "fail \(failure)\(isStale ? " stale" : "")"
        case .close: "close"
        }
    }

    private func head(
        _ status: Int = 200,
        _ headers: HTTPHeaders = [:],
        version: HTTPVersion = .http1_1
    ) -> Event {
        .head(HTTPResponseHead(version: version, status: .init(statusCode: status), headers: headers))
    }

    private func body(_ text: String) -> Event { .body(ByteBuffer(string: text)) }
    private func decoded(_ text: String) -> Event { .decoded(ByteBuffer(string: text)) }
    private func closed(after time: TimeAmount = .milliseconds(5)) -> Event { .closed(at: Self.start + time) }
    private func fault(_ fault: ConnectionFault, after time: TimeAmount = .milliseconds(5)) -> Event {
        .fault(fault, at: Self.start + time)
    }

    // MARK: Responses

    @Test("a response is handed over when all bytes of the read have been looked at")
    func response() {
        #expect(
            play(.bytesRead, head(), body("ab"), body("c"), .end, .readComplete) == ["respond 200 abc reuse"]
        )
        #expect(play(.bytesRead, head(204), .end, .readComplete) == ["respond 204  reuse"])
        #expect(play(.bytesRead, .readComplete, .bytesRead, head(), .readComplete, .end, .readComplete).count == 1)
    }

    @Test("another request may follow on the same connection")
    func secondRequest() {
        var state = ConnectionState(maxResponseBytes: 10, staleWindow: .seconds(1))
        for _ in 0..<3 {
            #expect(state.isIdle)
            _ = state.received(.requestStarted(isReused: false, isWritten: true, at: Self.start))
            #expect(!state.isIdle)
            for event in [.bytesRead, head(), body("ab"), .end] { _ = state.received(event) }
            #expect(Self.text(state.received(.readComplete)) == "respond 200 ab reuse")
        }
    }

    @Test("responses after which the connection is closed")
    func noReuse() {
        let close = ["respond 200  close"]
        #expect(play(head(200, ["Connection": "close"]), .end, .readComplete) == close)
        #expect(play(head(version: .http1_0), .end, .readComplete) == close)
        #expect(play(head(200, ["Connection": "keep-alive"], version: .http1_0), .end, .readComplete) == close)
        #expect(play(head(101), .end, .readComplete) == ["respond 101  close"])
        #expect(play(head(), .end, .bytesRead, .readComplete) == close)
        #expect(play(head(), .end, head(), .readComplete) == close)
        #expect(play(head(), .end, fault(.malformed("x")), .readComplete) == close)
        #expect(play(head(), .end, closed()) == close)
    }

    @Test("a response that comes before the request is written is accepted, and ends the connection")
    func earlyResponse() {
        #expect(play(written: false, head(413), .end, .readComplete) == ["respond 413  close"])
        #expect(play(written: false, .requestWritten, head(), .end, .readComplete) == ["respond 200  reuse"])
        #expect(play(written: false, head(), .requestWritten, .end, .readComplete) == ["respond 200  reuse"])
    }

    // MARK: Limits and encodings

    @Test("the limit is the last size that is accepted")
    func limit() {
        #expect(play(head(), body("0123456789"), .end, .readComplete) == ["respond 200 0123456789 reuse"])
        #expect(
            play(head(), body("01234"), body("567890"), .end, .readComplete) == ["fail responseTooLarge(limit: 10)"])
        #expect(play(head(), body("01234567890")) == ["fail responseTooLarge(limit: 10)"])
    }

    @Test("gzip bodies take the way through the decoder")
    func gzip() {
        let gzip = head(200, ["content-encoding": "GZip"])
        #expect(
            play(gzip, body("x"), decoded("ab"), body("y"), decoded("c"), .end, .decodedEnd, .readComplete)
                == ["begin decoding x", "decode y", "end decoding", "respond 200 abc reuse"]
        )
        #expect(play(gzip, .end, .readComplete) == ["respond 200  reuse"])
        #expect(
            play(gzip, body("x"), decoded("01234"), decoded("567890")).last == "fail responseTooLarge(limit: 10)"
        )
        #expect(play(gzip, body("x"), body("0123456789")).last == "fail responseTooLarge(limit: 10)")
        #expect(play(gzip, body("x"), fault(.bodyTooLarge)).last == "fail responseTooLarge(limit: 10)")
        #expect(
            play(gzip, body("x"), fault(.corruptBody("y"))).last == "fail protocolViolation(\"corrupt gzip body: y\")"
        )
    }

    @Test("other encodings are refused")
    func encodings() {
        for (headers, name) in [
            (["Content-Encoding": "br"], "br"), (["Content-Encoding": "gzip, br"], "gzip, br"),
            (["Content-Encoding": "deflate"], "deflate"),
            (["Content-Encoding": "gzip", "content-encoding": "gzip"], "gzip, gzip"),
        ] as [(HTTPHeaders, String)] {
            #expect(play(head(200, headers), body("x"), .end) == ["fail unsupportedEncoding(\"\(name)\")"])
        }
        for headers in [["Content-Encoding": "identity"], ["Content-Encoding": ""]] as [HTTPHeaders] {
            #expect(play(head(200, headers), .end, .readComplete) == ["respond 200  reuse"])
        }
    }

    // MARK: Lost connections

    @Test("a reused connection that dies at once without a byte is stale")
    func stale() {
        let closedText = "fail unreachable(\"connection closed by the app\")"
        #expect(play(reused: true, closed()) == [closedText + " stale"])
        #expect(play(reused: true, written: false, closed()) == [closedText + " stale"])
        #expect(play(reused: true, fault(.lost("reset"))) == ["fail unreachable(\"reset\") stale"])
        #expect(play(reused: true, closed(after: .milliseconds(999))) == [closedText + " stale"])
    }

    @Test("no other lost connection is")
    func notStale() {
        let closedText = "fail unreachable(\"connection closed by the app\")"
        #expect(play(reused: false, closed()) == [closedText])
        #expect(play(reused: true, closed(after: .seconds(1))) == [closedText])
        #expect(play(reused: true, .bytesRead, closed()) == [closedText])
        #expect(play(reused: true, .bytesRead, fault(.lost("reset"))) == ["fail unreachable(\"reset\")"])
    }

    @Test("a connection lost after the head is a truncated response")
    func truncated() {
        #expect(play(reused: true, head(), closed()).first?.hasPrefix("fail protocolViolation") == true)
        #expect(play(head(), body("x"), fault(.lost("reset"))).first?.hasPrefix("fail protocolViolation") == true)
    }

    @Test("a fault is reported once")
    func once() {
        #expect(play(fault(.lost("reset")), closed()).count == 1)
        #expect(play(head(), fault(.malformed("x")), body("y"), .end, .readComplete, closed()).count == 1)
        #expect(play(head(), .end, .readComplete, closed()) == ["respond 200  reuse", "close"])
    }

    @Test("faults that are not lost connections keep their meaning")
    func faults() {
        #expect(play(fault(.tls("x"))) == ["fail tls(\"x\")"])
        #expect(play(fault(.malformed("x"))) == ["fail protocolViolation(\"malformed response: x\")"])
        #expect(play(body("x")) == ["fail protocolViolation(\"malformed response\")"])
    }

    // MARK: Unused and abandoned connections

    @Test("bytes, faults and the end close an unused connection", arguments: [0, 1, 2, 3])
    func idle(index: Int) {
        let event = [.bytesRead, fault(.lost("x")), closed(), head()][index]
        var state = ConnectionState(maxResponseBytes: 10, staleWindow: .seconds(1))
        #expect(Self.text(state.received(event)) == "close")
        #expect(!state.isIdle)
        #expect(Self.text(state.received(closed())) == "none")
    }

    @Test("an abandoned connection closes and says nothing more")
    func abandoned() {
        #expect(play(.abandoned, head(), body("x"), .end, .readComplete, closed()) == ["close"])
        #expect(play(head(), .abandoned, body("x"), .end, .readComplete) == ["close"])
    }
}
