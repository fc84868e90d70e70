import ApusCore
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ApusServer

/// Reads a stream, and goes away when the reader says so by an error.
private struct Reader: ResponseBodyWriter {
    let read: @Sendable (String) throws -> Void

    func write(_ buffer: ByteBuffer) throws { try read(String(buffer: buffer)) }
    func finish(_ trailingHeaders: HTTPFields?) {}
}

@Suite("Streams of changes")
struct StreamTests {
    private struct Gone: Error {}

    @Test("say so when more has changed than they take at a time")
    func gap() async throws {
        let node = Node(
            store: MemoryStore(shardCount: 1), configuration: .init(),
            loop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await node.start()
        let changes = RunChanges(node: node, search: RunSearch(query: RunQuery(), limit: 1))
        let response = EventStream(feed: node.feed).answer {
            StreamLook()
        } look: { news in
            StreamLook(messages: try await changes.find(news))
        }
        let parts = Mutex<[String]>([])
        // While this is read nobody looks at what is new.
        let reader = Reader { part in
            parts.withLock { $0.append(part) }
            guard part == ": here\n\n" else { throw Gone() }
            for number in 0...RunFeed.most { node.feed.publish(ULID(high: 1, low: UInt64(number))) }
        }
        await #expect(throws: Gone.self) { try await response.body.write(reader) }
        await node.shutdown()
        let told = parts.withLock { $0 }
        #expect(told.count == 2)
        #expect(
            told.last?.contains(
                "\nevent: gap\ndata: {\"reason\":\"more runs have changed than the stream could take at a time\"}\n\n"
            ) == true
        )
        // Its place is free again.
        #expect((0..<RunFeed.places).allSatisfy { _ in node.feed.listen() != nil })
    }
}
