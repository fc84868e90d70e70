import ApusCore
import ApusNode
import ApusStore
import HTTPTypes
import Logging
import NIOPosix
import Testing

@testable import ApusServer

@Suite("The OpenAPI document")
struct APIDocumentTests {
    private let document: RawJSON

    init() throws {
        document = try RawJSON(parsing: APIDocument.json(version: "1.2.3"))
    }

    private var routes: RouteTable {
        let logger = Logger(label: "test")
        let node = Node(
            store: MemoryStore(shardCount: 1), configuration: .init(),
            loop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: logger
        )
        let info = DevInfo(
            version: "", urls: [], discovers: false, polls: false, pollInterval: 1, retryInterval: 1
        )
        let probe = AppProbe(loop: MultiThreadedEventLoopGroup.singleton.any(), userAgent: "test")
        return ApusServer(
            node: node, sync: AppSync(node: node, probe: probe, configuration: .init(), logger: logger), info: info,
            configuration: .init(), logger: logger
        ).apiRoutes()
    }

    @Test("has every route and no other")
    func routesAreKnown() {
        var documented: Set<String> = []
        for path in document.view["paths"]?.members.map({ $0 }) ?? [] {
            for operation in path.value.members {
                documented.insert("\((operation.key.string ?? "").uppercased()) \(path.key.string ?? "")")
            }
        }
        let served = Set(
            routes.known.filter { !$0.path.hasPrefix("/api/v2/") }.map { "\($0.method.rawValue) \($0.path)" })
        #expect(served.subtracting(documented).sorted() == [])
        #expect(documented.subtracting(served).sorted() == [])
        #expect(documented.count > 80)
    }

    @Test("everything of v2 has its second name")
    func aliases() {
        let paths = Set(routes.known.map { "\($0.method.rawValue) \($0.path)" })
        for route in routes.known where route.path.hasPrefix("/v2/") {
            #expect(paths.contains("\(route.method.rawValue) /api\(route.path)"))
        }
    }

    @Test("refers only to types that it has")
    func references() throws {
        let schemas = try #require(document.view["components"]?["schemas"])
        let known = Set(schemas.members.compactMap { $0.key.string })
        var open = [document.view]
        var found = 0
        while let view = open.popLast() {
            if let reference = view["$ref"]?.string {
                found += 1
                #expect(known.contains(String(reference.dropFirst("#/components/schemas/".count))), "\(reference)")
            }
            open += view.members.map(\.value) + Array(view.elements)
        }
        #expect(found > 100)
    }

    @Test("an operation tells its parameters, body and answers")
    func shape() throws {
        let path = try #require(document.view["paths"]?["/v2/runs/{id}"]?["get"])
        #expect(path["parameters"]?.count == 2)
        #expect(path["parameters"]?[0]?["in"]?.string == "path")
        let answer = path["responses"]?["200"]?["content"]?["application/json"]?["schema"]
        #expect(answer?["properties"]?["data"]?["$ref"]?.string == "#/components/schemas/V2Run")
        #expect(path["responses"]?["404"] != nil)
    }
}
