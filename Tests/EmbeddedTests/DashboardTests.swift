import Apus
import ApusEmbedded
import ApusEmbeddedDashboard
import Foundation
import Hummingbird
import NIOCore
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("The dashboard in an app's router", .serialized)
struct EmbeddedDashboardTests {
    /// An app with an engine that has one finished run, and its dashboard below `/ops/apus`.
    private func withApp(_ test: (_ url: String, _ engine: Engine, _ run: String) async throws -> Void) async throws {
        let client = Client(appID: "shop", settings: .test())
        let function = client.function("greet", on: Started.self) { event, step in
            try await step.run("greeting") { "hello \(event.key)" }
        }
        let engine = try await Engine.inMemory(functions: [function], settings: .test)
        let event = try await engine.send(Started(key: "ann"))
        let run = try #require(try await engine.runs(of: event).first)
        #expect(try await engine.result(of: run.id, as: String.self) == "hello ann")
        let app = try await LocalApp.start { router in
            try router.apusDashboard(engine, at: "/ops/apus")
            router.get("/") { _, _ in "the app's own" }
        }
        do {
            try await test(app.url, engine, run.id)
            await app.stop()
            await engine.shutdown()
        } catch {
            await app.stop()
            await engine.shutdown()
            throw error
        }
    }

    private struct Page {
        let status: Int
        let headers: [AnyHashable: Any]
        let text: String

        func header(_ name: String) -> String? {
            headers.first { "\($0.key)".lowercased() == name.lowercased() }.map { "\($0.value)" }
        }
    }

    /// A request whose redirects are not followed.
    private func ask(_ url: String, _ method: String = "GET", form: String? = nil, headers: [String: String] = [:])
        async throws -> Page
    {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = method
        request.setValue("text/html", forHTTPHeaderField: "Accept")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let form { request.httpBody = Data(form.utf8) }
        let ready = request
        return try await withCheckedThrowingContinuation { continuation in
            let session = URLSession(configuration: .ephemeral, delegate: NoRedirects(), delegateQueue: nil)
            session.dataTask(with: ready) { data, response, error in
                guard let response = response as? HTTPURLResponse else {
                    return continuation.resume(throwing: error ?? URLError(.badServerResponse))
                }
                let text = String(decoding: data ?? Data(), as: UTF8.self)
                continuation.resume(
                    returning: Page(status: response.statusCode, headers: response.allHeaderFields, text: text))
            }.resume()
            session.finishTasksAndInvalidate()
        }
    }

    private final class NoRedirects: NSObject, URLSessionTaskDelegate {
        func urlSession(
            _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
            newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            completionHandler(nil)
        }
    }

    @Test("every page is there, and every link and asset of it lies below the path")
    func pages() async throws {
        try await withApp { url, engine, run async throws in
            let event = try #require(try await engine.run(run)).eventID
            let paths = [
                "", "/runs", "/runs/\(run)", "/runs?panel=\(run)", "/events", "/events/\(event)", "/events/send",
                "/functions", "/functions/shop-greet", "/apps", "/schedules", "/settings", "/replays", "/find?q=greet",
            ]
            for path in paths {
                let page = try await ask("\(url)/ops/apus\(path)")
                if path.hasPrefix("/find") {
                    #expect(page.status == 200 || page.status == 303, "\(path)")
                } else {
                    #expect(page.status == 200, "\(path): \(page.text.prefix(2_000))")
                }
                for link in page.text.matches(of: /(?:href|src|action|data-panel|data-stream|data-load)="(\/[^"]*)"/) {
                    #expect(link.1.hasPrefix("/ops/apus/"), "\(path): \(link.1)")
                }
                #expect(page.header("content-security-policy")?.contains("default-src 'none'") == true, "\(path)")
            }
            #expect(try await ask("\(url)/").text == "the app's own")
            #expect(try await ask("\(url)/runs").status == 404)
            let start = try await ask("\(url)/ops/apus")
            #expect(start.text.contains("data-base=\"/ops/apus\""))
            for asset in start.text.matches(of: /(?:href|src)="(\/ops\/apus\/assets\/[^"]*)"/) {
                #expect(try await ask("\(url)\(asset.1)").status == 200, "\(asset.1)")
            }
            #expect(try await ask("\(url)/ops/apus/runs/\(run)").text.contains("hello ann"))
            #expect(try await ask("\(url)/ops/apus/runs/nothing").status == 404)
        }
    }

    @Test("actions work, lead back below the path, and are refused when another site asks for them")
    func actions() async throws {
        try await withApp { url, engine, run async throws in
            let action = "\(url)/ops/apus/runs/\(run)/rerun"
            let foreign = try await ask(
                action, "POST", form: "from=beginning", headers: ["Sec-Fetch-Site": "cross-site"])
            #expect(foreign.status == 403)
            let done = try await ask(action, "POST", form: "from=beginning", headers: ["Sec-Fetch-Site": "same-origin"])
            #expect(done.status == 303)
            let place = try #require(done.header("location"))
            #expect(place.hasPrefix("/ops/apus/runs/"))
            let new = String(place.dropFirst("/ops/apus/runs/".count))
            #expect(try await engine.result(of: new, as: String.self) == "hello ann")
            // Nobody is to be asked for functions: they are here.
            #expect(try await ask("\(url)/ops/apus/apps", "POST", form: "url=x").status == 404)
            #expect(try await !ask("\(url)/ops/apus/apps").text.contains("Add by URL"))
        }
    }

    @Test("live pages hear of changes")
    func live() async throws {
        try await withApp { url, engine, _ async throws in
            let (texts, found) = AsyncStream.makeStream(of: String.self)
            let reader = StreamReader {
                found.yield($0)
            } end: {
                found.finish()
            }
            let session = URLSession(configuration: .ephemeral, delegate: reader, delegateQueue: nil)
            session.dataTask(with: try #require(URL(string: "\(url)/ops/apus/live/runs"))).resume()
            var text = ""
            for await part in texts {
                text += part
                if text.contains(": here"), !text.contains("event: row") { try await engine.send(Started(key: "bob")) }
                if text.contains("event: row") { break }
            }
            #expect(text.contains("/ops/apus/runs/"))
            session.invalidateAndCancel()
        }
    }

    private final class StreamReader: NSObject, URLSessionDataDelegate {
        private let take: @Sendable (String) -> Void
        private let end: @Sendable () -> Void

        init(_ take: @escaping @Sendable (String) -> Void, end: @escaping @Sendable () -> Void) {
            self.take = take
            self.end = end
        }

        func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            end()
        }

        func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            take(String(decoding: data, as: UTF8.self))
        }
    }

    @Test("a path that cannot be used is refused")
    func badPaths() async throws {
        let client = Client(appID: "shop", settings: .test())
        let engine = try await Engine.inMemory(functions: [], client: client)
        for path in ["", "apus", "/apus/", "/", "//apus", "/{id}", "/a b"] {
            #expect(throws: EngineError.self, "\(path)") { try Router().apusDashboard(engine, at: path) }
        }
        await engine.shutdown()
    }
}
