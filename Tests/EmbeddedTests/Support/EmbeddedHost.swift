import Apus
import ApusCore
import ApusEngine
import ApusNode
import ApusStore

@testable import ApusEmbedded

/// An engine in this process.
struct EmbeddedHost: Host {
    let engine: Engine
    /// `nil` for an engine in memory.
    var directory: TemporaryDirectory?

    var client: Client { engine.client }

    static func inMemory(_ functions: (Client) -> [any Servable]) async throws -> EmbeddedHost {
        let client = Client(appID: "test", settings: .test())
        return EmbeddedHost(engine: try await Engine.inMemory(functions: functions(client), settings: .test))
    }

    static func onDisk(_ functions: (Client) -> [any Servable]) async throws -> EmbeddedHost {
        let client = Client(appID: "test", settings: .test())
        let directory = try TemporaryDirectory()
        let engine = try await Engine.open(at: directory.path, functions: functions(client), settings: .test)
        return EmbeddedHost(engine: engine, directory: directory)
    }

    func runs(of event: String) async throws -> [HostRun] {
        try await engine.runs(of: event).map {
            HostRun(id: $0.id, status: $0.status.rawValue, output: $0.output ?? .null)
        }
    }

    func listeners(of run: String) async throws -> Int {
        guard let id = ULID(run) else { return 0 }
        let journal = try await engine.node.read { reader throws(StoreError) in try reader.journal(ofRun: id) }
        return journal?.turns.flatMap(\.entries).count { if case .listening = $0 { true } else { false } } ?? 0
    }

    func cancel(_ run: String) async throws {
        try await engine.cancel(run)
    }

    func signal(_ name: String, _ payload: String) async throws -> Bool {
        try await engine.sendSignal(name, payload)
    }

    func runSchedule() async throws -> String {
        guard let schedule = await engine.node.schedules().first,
            let event = try await engine.node.run(schedule.key, by: "test")
        else { throw Missed("no schedule is registered") }
        return event.description
    }

    func stop() async {
        await engine.shutdown()
    }
}

extension EngineSettings {
    /// Attempts follow one another quickly, and steps that never end are not waited for.
    static var test: EngineSettings {
        var settings = EngineSettings()
        settings.retryInterval = .milliseconds(100)
        settings.shutdownPatience = .milliseconds(200)
        return settings
    }
}
