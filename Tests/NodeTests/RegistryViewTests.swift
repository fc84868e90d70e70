import ApusCore
import ApusEngine
import ApusStore
import Logging
import NIOPosix
import Testing

@testable import ApusNode

/// What a node says of its apps to those whom it has just answered.
@Suite("The node's view of the registry", .timeLimit(.minutes(1))) struct RegistryViewTests {
    @Test("whoever has registered an app finds its functions at once")
    func registered() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let node = Node(
            store: MemoryStore(shardCount: 1), configuration: Node.Configuration(), loop: loop,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await node.start()
        for number in 0..<500 {
            let function = FunctionConfiguration(slug: "app-\(number)", name: "f", triggers: [], stepURL: "http://a/b")
            let registration = Registration(
                appName: "app", url: "http://a/b", functions: [function], checksum: "\(number)"
            )
            #expect(try await node.register(registration).isModified)
            #expect(node.registry.function(named: function.slug) != nil)
            #expect(try await node.pause(function.slug, true)?.pausedAt != nil)
            #expect(node.registry.function(named: function.slug)?.pausedAt != nil)
        }
        await node.shutdown()
    }
}
