import ApusCore
import NIOCore
import Testing

@testable import ApusServer

@Suite("Realtime messages")
struct RealtimeMessageTests {
    private let now = Timestamp(milliseconds: 1_750_000_000_123)
    private let topic = Topic(channel: "user:1", name: "status")

    @Test("hold what SDKs read, and nothing that is null")
    func message() throws {
        var heading = RealtimeMessage.Heading(topic: topic)
        var message = RealtimeMessage(kind: .data, data: try RawJSON(parsing: #"{"pct": 40}"#), heading: heading)
        #expect(
            String(decoding: message.json(at: now), as: UTF8.self)
                == #"{"channel":"user:1","created_at":"2025-06-15T15:06:40.123Z","data":{"pct":40},"#
                + #""env_id":"00000000-0000-4000-b000-000000000000","kind":"data","topic":"status"}"#
        )
        heading.run = ULID(high: 1, low: 2)
        heading.metadata = try RawJSON(parsing: "[1]")
        heading.topic = Topic(channel: "", name: "")
        message.heading = heading
        let view = try RawJSON(parsing: message.json(at: now)).view
        #expect(view["channel"] == nil)
        #expect(view["topic"]?.string == "")
        #expect(view["run_id"]?.ulid == heading.run)
        #expect(view["metadata"]?.raw.description == "[1]")
    }

    @Test("of the server's end name nothing")
    func closing() throws {
        #expect(
            String(decoding: RealtimeMessage.closing(at: now), as: UTF8.self)
                == #"{"created_at":"2025-06-15T15:06:40.123Z","data":"","kind":"closing","topic":""}"#
        )
    }

    @Test(
        "carry JSON as it is, and anything else as a text",
        arguments: [
            ("", #""""#), ("hello", #""hello""#), (#""hello""#, #""hello""#),
            (" {\"b\": 1, \"a\": [\n2] } ", #"{"a":[2],"b":1}"#),
            ("{\"a\":", #""{\"a\":""#), ("12", "12"), ("012", #""012""#), ("null", "null"),
        ])
    func data(body: String, expected: String) throws {
        #expect(try MessageData.read(Array(body.utf8)).description == expected)
    }

    @Test("replace what is no text, and refuse JSON that is too deep instead of making a text of it")
    func oddData() throws {
        #expect(try MessageData.read([0x61, 0xFF]).description == "\"a\u{FFFD}\"")
        let deep = Array(String(repeating: "[", count: 300).utf8) + Array(String(repeating: "]", count: 300).utf8)
        #expect(throws: JSONError.self) { try MessageData.read(deep) }
    }

    @Test("say which topic a token is asked for is wrong")
    func topics() throws {
        func asked(_ json: String) throws -> Topic { try Topic(asked: try RawJSON(parsing: json).view, at: 3) }
        #expect(try asked(#"{"channel":"c","name":"n","kind":"run"}"#) == Topic(channel: "c", name: "n"))
        #expect(try asked(#"{"name":"n","env_id":"mine"}"#) == Topic(channel: "", name: "n"))
        for (json, part) in [
            (#"{"channel":1,"name":"n"}"#, "topics[3] must be an object"), ("[]", "topics[3] must be an object"),
            (#"{"channel":"c","name":"n","kind":"step"}"#, "topics[3] has a kind"),
        ] {
            let error = #expect(throws: TopicFlaw.self) { try asked(json) }
            #expect(error?.description.contains(part) == true)
        }
        let foreign = #"{"channel":"c","name":"n","kind":"run","env_id":"00000000-0000-4000-b000-000000000001"}"#
        #expect(Topic(try RawJSON(parsing: foreign).view) == nil)
    }

    @Test("of tokens are bounded by the token's length")
    func longToken() throws {
        let tokens = AccessTokens(keys: nil)
        let many = (0..<50).map { Topic(channel: "channel", name: "topic \($0)") }
        #expect(tokens.topics(of: try tokens.make(for: many, at: now), at: now) == many)
        #expect(tokens.topics(of: try tokens.make(for: many, at: now), at: now + .minutes(1)) == nil)
        let error = #expect(throws: TokenTooLong.self) {
            try tokens.make(for: [Topic(channel: String(repeating: "c", count: 20_000), name: "n")], at: now)
        }
        #expect(error?.description.contains("16384") == true)
    }
}

@Suite("Streams of text")
struct ChunkStreamTests {
    private let now = Timestamp(milliseconds: 1_750_000_000_000)

    @Test("are cut between characters, wherever the pieces end")
    func cutting() {
        let text = "aé€😀\u{FFFD}z"
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var cutter = TextCutter()
                let parts = [bytes[..<first], bytes[first..<second], bytes[second...]].map { cutter.pass($0) }
                #expect(parts.allSatisfy { String(validating: $0, as: UTF8.self) != nil })
                #expect(cutter.finish().isEmpty)
                #expect(parts.flatMap { $0 } == bytes)
            }
        }
    }

    @Test("lose none of the bytes that never become a character")
    func broken() {
        var cutter = TextCutter()
        #expect(cutter.pass([0x61, 0xE2, 0x82]) == [0x61])
        #expect(cutter.pass([0x62]) == [0xE2, 0x82, 0x62])
        #expect(cutter.pass([0x80, 0x80, 0x80, 0x80]) == [0x80, 0x80, 0x80, 0x80])
        #expect(cutter.pass([0xC0, 0xF5, 0xF0]) == [0xC0, 0xF5])
        #expect(cutter.finish() == [0xF0])
        #expect(cutter.finish().isEmpty)
    }

    @Test("begin, come in chunks that name their topic, and end")
    func stream() async throws {
        let broadcast = Broadcast()
        let topic = Topic(channel: "c", name: "t")
        let subscription = try broadcast.subscribe(to: [topic], at: now)
        var stream = ChunkStream(broadcast, .init(topic: topic), id: "abc", at: now)
        stream.pass(Array("h€".utf8.dropLast()), at: now)
        stream.pass(Array("€".utf8.suffix(1)), at: now)
        stream.pass([0xF0], at: now)
        stream.end(at: now)
        let pieces = try #require(await subscription.next())
        let views = try pieces.map { try RawJSON(parsing: Array($0.text.readableBytesView)) }
        #expect(
            views.map { $0.view["kind"]?.string } == ["datastream-start", "chunk", "chunk", "chunk", "datastream-end"])
        #expect(views.first?.view["data"]?.string == "abc")
        #expect(views.last?.view["data"]?.string == "abc")
        #expect(views[1...3].map { $0.view["data"]?.string } == ["h", "€", "\u{FFFD}"])
        #expect(views[1].description == #"{"channel":"c","data":"h","kind":"chunk","stream_id":"abc","topic":"t"}"#)
    }

    @Test("come in chunks of a bounded size")
    func long() async throws {
        let broadcast = Broadcast()
        let topic = Topic(channel: "c", name: "t")
        let subscription = try broadcast.subscribe(to: [topic], at: now)
        var stream = ChunkStream(broadcast, .init(topic: topic), id: "abc", at: now)
        let text = String(repeating: "€", count: 20_000)
        stream.pass(Array(text.utf8), at: now)
        let views = try await subscription.next()?.dropFirst().map {
            try RawJSON(parsing: Array($0.text.readableBytesView)).view["data"]?.string ?? ""
        }
        #expect(views?.joined() == text)
        #expect(views?.allSatisfy { $0.utf8.count <= 16 << 10 } == true)
        #expect(views?.count == 4)
    }
}

@Suite("The order of events and messages")
struct EventOrderTests {
    private func pass(_ text: String, isRaw: Bool, through order: inout EventOrder) -> String {
        let piece: Piece = isRaw ? .raw(ByteBuffer(string: text)) : .message(Array(text.utf8))
        return order.pass(piece).map { String(buffer: $0) }.joined()
    }

    @Test("a message waits for the end of the event within which it comes")
    func waiting() {
        var order = EventOrder()
        #expect(pass("1", isRaw: false, through: &order) == "data: 1\n\n")
        #expect(pass("event: a\n", isRaw: true, through: &order) == "event: a\n")
        #expect(pass("2", isRaw: false, through: &order) == "")
        #expect(pass("3", isRaw: false, through: &order) == "")
        #expect(!order.isBetweenEvents)
        #expect(pass("data: b\n\n", isRaw: true, through: &order) == "data: b\n\ndata: 2\n\ndata: 3\n\n")
        #expect(pass("4", isRaw: false, through: &order) == "data: 4\n\n")
    }

    @Test("an event without an end does not collect messages for ever")
    func bound() {
        var order = EventOrder()
        _ = pass("event: a", isRaw: true, through: &order)
        for _ in 0..<10 { _ = pass(String(repeating: "x", count: 100_000), isRaw: false, through: &order) }
        #expect(!order.isOverfull)
        _ = pass(String(repeating: "x", count: 100_000), isRaw: false, through: &order)
        #expect(order.isOverfull)
    }

    @Test("bytes that are no text become one only for WebSockets")
    func rawBytes() {
        let piece = Piece.raw(ByteBuffer(bytes: [0x61, 0xFF]))
        #expect(Array(piece.events.readableBytesView) == [0x61, 0xFF])
        #expect(String(buffer: piece.text) == "a\u{FFFD}")
    }
}
