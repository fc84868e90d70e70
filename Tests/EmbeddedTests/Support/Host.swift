import Apus
import ApusCore
import Foundation
import Testing

/// Where functions run: an engine in this process, or a real server that reaches the app over HTTP.
protocol Host: Sendable {
    /// The app, whose events go to the host.
    var client: Client { get }

    func runs(of event: String) async throws -> [HostRun]
    /// How many waits and cancellations the run has begun.
    func listeners(of run: String) async throws -> Int
    func cancel(_ run: String) async throws
    /// Sends a signal from outside.
    func signal(_ name: String, _ payload: String) async throws -> Bool
    /// Starts a run of the only schedule now.
    /// - Returns: the id of its event.
    func runSchedule() async throws -> String
    func stop() async
}

/// A run, as far as every host can tell.
struct HostRun: Sendable {
    let id: String
    /// `running`, `completed`, `failed` or `cancelled`.
    let status: String
    let output: RawJSON

    /// The output as a text, for example `"abc"` or `3`.
    var text: String { "\(output)" }
}

extension Host {
    /// Sends an event, and waits for the end of the run that it starts.
    func run(_ event: some Event, id: String? = nil) async throws -> HostRun {
        try await end(of: try await client.send(event, id: id))
    }

    /// Waits for the end of the run that an event has started.
    func end(of event: String) async throws -> HostRun {
        try await eventually("the run of event \(event) has ended") {
            try await runs(of: event).first { $0.status != "running" }
        }
    }

    /// Waits for the run that an event starts, and until it waits for something itself.
    func listening(_ event: String, count: Int = 1) async throws -> HostRun {
        try await eventually("the run of event \(event) waits") {
            guard let run = try await runs(of: event).first, try await listeners(of: run.id) >= count else {
                return nil
            }
            return run
        }
    }
}

/// Waits for something that is about to come.
@discardableResult
func eventually<Value>(
    _ what: String, within seconds: Double = 60, _ look: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if let value = try await look() { return value }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw Missed("waited \(seconds) s in vain: \(what)")
}

struct Missed: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
