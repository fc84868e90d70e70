import ApusCore
import ApusEngine
import ApusNode
import NIOCore

/// Publishes answers to requests that the server makes for steps, as streams of text.
///
/// The node's event loop only hands them over: however many listen, they cost it nothing.
struct GatewayRelay: GatewayAudience {
    let broadcast: Broadcast
    /// Where answers are published, each in its order.
    let loop: any EventLoop

    func begin(_ answer: GatewayAnswer) -> any GatewayReader {
        let now = ServerClock.now()
        let id = SplitMix64.drawnULID(at: now)
        var metadata = JSONWriter()
        metadata.object { writer in
            if let type = answer.contentType { writer.member("content-type", type) }
            writer.member("request_id", id)
            writer.member("url", answer.url)
        }
        let topic = Topic(channel: answer.audience.channel, name: answer.audience.topic)
        let heading = RealtimeMessage.Heading(topic: topic, run: answer.run, metadata: metadata.finish())
        let relayed = RelayedAnswer(loop: loop)
        relayed.change { [broadcast] in
            $0 = ChunkStream(broadcast, heading, id: id.description, at: now)
        }
        return relayed
    }
}

/// One answer on its way.
private struct RelayedAnswer: GatewayReader {
    private let loop: any EventLoop
    private let stream: NIOLoopBoundBox<ChunkStream?>

    init(loop: any EventLoop) {
        self.loop = loop
        stream = NIOLoopBoundBox.makeBoxSendingValue(nil, as: ChunkStream?.self, eventLoop: loop)
    }

    func change(_ body: @escaping @Sendable (inout ChunkStream?) -> Void) {
        loop.execute { body(&stream.value) }
    }

    func pass(_ bytes: ByteBuffer) {
        change { $0?.pass(bytes.readableBytesView, at: ServerClock.now()) }
    }

    func end() {
        change { $0?.end(at: ServerClock.now()) }
    }
}
