import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization
import Testing

@testable import ApusServer

/// Remembers what happens to a WebSocket.
private final class Recorder: WebSocketUser {
    struct Record {
        var messages: [WebSocketMessage] = []
        var endings = 0
        var closings = 0
    }

    let record = Mutex(Record())

    func received(_ message: WebSocketMessage, from socket: WebSocket) {
        record.withLock { $0.messages.append(message) }
    }

    func serverIsEnding(_ socket: WebSocket) {
        record.withLock { $0.endings += 1 }
        socket.post(.text(ByteBuffer(string: "bye")))
    }

    func closed() {
        record.withLock { $0.closings += 1 }
    }

    var messages: [WebSocketMessage] { record.withLock { $0.messages } }
}

/// The server's end of a WebSocket, and what its client would do and see. To be made and used on one thread.
private struct Wire {
    let loop = EmbeddedEventLoop()
    let user = Recorder()
    let channel: EmbeddedChannel

    init(_ change: (inout WebSocketLimits) -> Void = { _ in }) throws {
        var limits = WebSocketLimits()
        change(&limits)
        channel = EmbeddedChannel(loop: loop)
        let handler = WebSocketHandler(WebSocket(channel), of: user, limits: limits, now: loop.now)
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        handler.begin()
    }

    func receive(
        _ opcode: WebSocketOpcode, _ bytes: [UInt8] = [], fin: Bool = true, rsv1: Bool = false, isMasked: Bool = true
    ) throws {
        let key: WebSocketMaskingKey = [1, 2, 3, 4]
        var data = ByteBuffer(bytes: bytes)
        if isMasked { data.webSocketMask(key) }
        let frame = WebSocketFrame(fin: fin, rsv1: rsv1, opcode: opcode, maskKey: isMasked ? key : nil, data: data)
        try channel.writeInbound(frame)
    }

    func sent() throws -> [(opcode: WebSocketOpcode, data: ByteBuffer)] {
        var frames: [(WebSocketOpcode, ByteBuffer)] = []
        while let frame = try channel.readOutbound(as: WebSocketFrame.self) {
            #expect(frame.fin && frame.maskKey == nil)
            frames.append((frame.opcode, frame.data))
        }
        return frames
    }

    /// The code with which the socket was closed.
    func closingCode() throws -> UInt16? {
        try sent().last { $0.opcode == .connectionClose }?.data.getInteger(at: 0)
    }
}

@Suite("WebSockets")
struct WebSocketTests {
    @Test("deliver messages, in however many frames they come")
    func messages() throws {
        let wire = try Wire()
        try wire.receive(.text, Array("a".utf8))
        try wire.receive(.binary, [0xFF], fin: false)
        try wire.receive(.ping, [1])
        try wire.receive(.continuation, [], fin: false)
        try wire.receive(.continuation, [0xFE])
        // A character may be torn between frames.
        try wire.receive(.text, [0xC3], fin: false)
        try wire.receive(.continuation, [0xA9])
        #expect(
            wire.user.messages == [
                .text(ByteBuffer(string: "a")), .binary(ByteBuffer(bytes: [0xFF, 0xFE])),
                .text(ByteBuffer(string: "é")),
            ])
        let frames = try wire.sent()
        #expect(frames.map(\.opcode) == [.ping, .pong])
        #expect(frames.last?.data == ByteBuffer(bytes: [1]))
    }

    @Test("send messages until they close")
    func sending() throws {
        let wire = try Wire()
        let socket = WebSocket(wire.channel)
        socket.post(.text(ByteBuffer(string: "a")))
        socket.post(.binary(ByteBuffer(bytes: [1])))
        socket.close(.normalClosure, String(repeating: "é", count: 100))
        socket.post(.text(ByteBuffer(string: "late")))
        let frames = try wire.sent()
        #expect(frames.map(\.opcode) == [.ping, .text, .binary, .connectionClose])
        #expect(frames.last?.data.getInteger(at: 0, as: UInt16.self) == 1_000)
        #expect(frames.last?.data.readableBytes == 122)
        #expect(wire.channel.isActive)
        try wire.receive(.connectionClose, [3, 232])
        #expect(!wire.channel.isActive)
        #expect(wire.user.record.withLock { $0.closings } == 1)
    }

    @Test("answer a client that closes with its code")
    func closedByClient() throws {
        let wire = try Wire()
        try wire.receive(.connectionClose, [0x0F, 0xA0] + Array("bye".utf8))
        #expect(try wire.closingCode() == 4_000)
        #expect(!wire.channel.isActive)
        #expect(wire.user.record.withLock { $0.closings } == 1)
    }

    @Test("answer an empty closing frame with an empty one")
    func closedWithoutCode() throws {
        let wire = try Wire()
        try wire.receive(.connectionClose)
        #expect(try wire.sent().last?.data.readableBytes == 0)
        #expect(!wire.channel.isActive)
    }

    @Test("do not wait for ever for the answer to a closing frame")
    func unansweredClosing() throws {
        let wire = try Wire()
        WebSocket(wire.channel).close(.normalClosure, "")
        try wire.receive(.text, Array("ignored".utf8))
        wire.loop.advanceTime(by: .seconds(4))
        #expect(wire.channel.isActive)
        wire.loop.advanceTime(by: .seconds(1))
        #expect(!wire.channel.isActive)
        #expect(wire.user.messages.isEmpty)
    }

    @Test("close when three pings have not been answered")
    func pings() throws {
        let wire = try Wire()
        wire.loop.advanceTime(by: .seconds(15))
        try wire.receive(.pong)
        wire.loop.advanceTime(by: .seconds(15))
        #expect(try wire.sent().map(\.opcode) == [.ping, .ping, .ping])
        wire.loop.advanceTime(by: .seconds(30))
        #expect(wire.channel.isActive)
        #expect(try wire.sent().count == 2)
        wire.loop.advanceTime(by: .seconds(15))
        #expect(!wire.channel.isActive)
        #expect(wire.user.record.withLock { $0.closings } == 1)
    }

    @Test("tell when the server ends, and close a moment later")
    func ending() throws {
        let wire = try Wire()
        wire.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(wire.user.record.withLock { $0.endings } == 1)
        #expect(try wire.sent().map(\.opcode) == [.ping, .text])
        wire.loop.advanceTime(by: .seconds(1))
        #expect(try wire.closingCode() == 1_001)
        wire.loop.advanceTime(by: .seconds(5))
        #expect(!wire.channel.isActive)
    }

    @Test("close whole when the client closes its half")
    func half() throws {
        let wire = try Wire()
        wire.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!wire.channel.isActive)
    }

    /// One frame after the other: opcode, bytes, whether it is the last of its message.
    typealias Frames = [(opcode: WebSocketOpcode, bytes: [UInt8], fin: Bool)]

    @Test(
        "close when the client breaks the rules",
        arguments: [
            ([(.continuation, [1], true)], 1_002), ([(.text, [0x61], false), (.text, [0x62], true)], 1_002),
            ([(.text, [0xFF], true)], 1_007), ([(.text, [0x61], false), (.continuation, [0xC3], true)], 1_007),
            ([(.connectionClose, [3], true)], 1_002), ([(.connectionClose, [3, 237], true)], 1_002),
            ([(.connectionClose, [3, 232, 0xFF], true)], 1_002),
            ([(WebSocketOpcode(encodedWebSocketOpcode: 3) ?? .text, [], true)], 1_002),
        ] as [(Frames, UInt16)])
    func rules(frames: Frames, code: UInt16) throws {
        let wire = try Wire()
        for frame in frames { try wire.receive(frame.opcode, frame.bytes, fin: frame.fin) }
        #expect(try wire.closingCode() == code)
        #expect(wire.user.messages.isEmpty)
    }

    @Test("close when frames are not masked, or compressed without leave")
    func form() throws {
        let wire = try Wire()
        try wire.receive(.text, Array("a".utf8), isMasked: false)
        #expect(try wire.closingCode() == 1_002)
        let other = try Wire()
        try other.receive(.text, Array("a".utf8), rsv1: true)
        #expect(try other.closingCode() == 1_002)
        #expect(wire.user.messages.isEmpty && other.user.messages.isEmpty)
    }

    @Test("close when a message is too large, in one frame or in many")
    func size() throws {
        let wire = try Wire { $0.messageBytes = 4 }
        try wire.receive(.binary, [1, 2, 3, 4])
        #expect(wire.user.messages.count == 1)
        try wire.receive(.binary, [1, 2], fin: false)
        try wire.receive(.continuation, [3, 4], fin: false)
        #expect(try wire.closingCode() == nil)
        try wire.receive(.continuation, [5], fin: false)
        #expect(try wire.closingCode() == 1_009)
        let other = try Wire()
        other.channel.pipeline.fireErrorCaught(NIOWebSocketError.invalidFrameLength)
        #expect(try other.closingCode() == 1_009)
    }

    @Test("close when frames come faster than they may for longer")
    func rate() throws {
        let wire = try Wire()
        for _ in 0..<200 { try wire.receive(.pong) }
        #expect(try wire.closingCode() == nil)
        wire.loop.advanceTime(by: .seconds(1))
        for _ in 0..<50 { try wire.receive(.text, Array("a".utf8)) }
        #expect(try wire.closingCode() == nil)
        #expect(wire.user.messages.count == 50)
        try wire.receive(.text, Array("a".utf8))
        #expect(try wire.closingCode() == 1_008)
        #expect(wire.user.messages.count == 50)
    }
}
