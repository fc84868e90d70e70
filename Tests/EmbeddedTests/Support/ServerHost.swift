import ApusCore
import ApusHummingbird
import Foundation
import Hummingbird
import Logging
import NIOCore

@testable import Apus

/// `apus dev` as a process of its own, and the app as a web server in this one.
final class ServerHost: Host {
    let client: Client
    private let server: ChildProcess
    private let app: LocalApp
    private let url: String

    private init(client: Client, server: ChildProcess, app: LocalApp, url: String) {
        self.client = client
        self.server = server
        self.app = app
        self.url = url
    }

    /// - Parameter directory: of the store; in memory if not said.
    static func start(on directory: String? = nil, _ functions: (Client) -> [any Servable]) async throws -> ServerHost {
        let port = try LocalApp.freePort()
        let server = try ChildProcess.start(
            "apus", orSet: "APUS_BINARY",
            (directory.map { ["dev", "--data-dir", $0] } ?? ["dev", "--in-memory"]) + [
                "--port", "\(port)", "--no-discovery", "--no-poll", "--retry-interval", "1",
                "--log-level", "warn",
            ])
        let url = "http://127.0.0.1:\(port)"
        do {
            try await eventually("the server answers") {
                if !server.isRunning { throw Missed("the server has ended: \(server.output)") }
                return try? await ask("GET", "\(url)/health")
            }
            let client = Client(appID: "test", settings: .test(url))
            let functions = functions(client)
            let app = try await LocalApp.start { $0.apus(client, functions: functions) }
            let answer = try await ask("PUT", "\(app.url)/api/inngest")
            guard answer.status == 200 else {
                throw Missed("the app was not registered: \(String(decoding: answer.body, as: UTF8.self))")
            }
            return ServerHost(client: client, server: server, app: app, url: url)
        } catch {
            server.kill()
            throw error
        }
    }

    static func ask(_ method: String, _ url: String, _ body: [UInt8] = []) async throws -> TransportResponse {
        let headers = [(name: "content-type", value: "application/json")]
        return try await transport.send(TransportRequest(method: method, url: url, headers: headers, body: body))
    }

    private static let transport = URLSessionTransport()

    private func data(_ method: String, _ path: String) async throws -> RawJSON {
        let answer = try await Self.ask(method, url + path)
        guard (200..<300).contains(answer.status) else {
            throw Missed("\(method) \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.body.isEmpty ? .null : try RawJSON(parsing: answer.body).view["data"]?.raw ?? .null
    }

    func runs(of event: String) async throws -> [HostRun] {
        try await data("GET", "/v1/events/\(event)/runs").view.elements.map { run in
            HostRun(
                id: run["run_id"]?.string ?? "", status: run["status"]?.string?.lowercased() ?? "",
                output: run["output"]?.raw ?? .null)
        }
    }

    func listeners(of run: String) async throws -> Int {
        let entries = try await data("GET", "/v1/runs/\(run)/journal").view["entries"]?.elements
        return entries?.filter { $0["kind"]?.string == "listening" }.count ?? 0
    }

    func cancel(_ run: String) async throws {
        _ = try await data("DELETE", "/v1/runs/\(run)")
    }

    func signal(_ name: String, _ payload: String) async throws -> Bool {
        try await client.sendSignal(name, payload)
    }

    func runSchedule() async throws -> String {
        guard let id = try await data("GET", "/v1/schedules").view.elements.compactMap({ $0["id"]?.string }).first
        else {
            throw Missed("no schedule is registered")
        }
        return try await data("POST", "/v1/schedules/\(id)/run").view["event_id"]?.string ?? ""
    }

    func stop() async {
        await app.stop()
        server.kill()
    }
}
