import Apus
import ApusCore
import ApusEngine
import ApusNode
import Synchronization

/// From the SDK to the node of this process.
final class EngineLink: ServerLink {
    private let node: Node
    private let isEnding = Atomic(false)

    init(_ node: Node) {
        self.node = node
    }

    /// From now on calls end with the step that they are at; what they have done goes along with their answers.
    func endCalls() {
        isEnding.store(true, ordering: .releasing)
    }

    func ingest(_ events: [UInt8], seed: String) async throws -> IngestAnswer {
        // No answer is lost on the way, so that nothing has to be known again.
        let decoded = EventRequest.decode(events)
        do {
            let ids = try await node.ingest(decoded.events.map { SubmittedEvent($0.event) }).map(\.description)
            guard let failure = decoded.failure else { return IngestAnswer(ids: ids) }
            return IngestAnswer(ids: ids, status: 400, failure: failure.message)
        } catch {
            switch error {
            case .unavailable(let reason): return IngestAnswer(ids: [], status: 503, failure: reason)
            case .rejected(let reason): return IngestAnswer(ids: [], status: 422, failure: reason)
            }
        }
    }

    func signal(_ signal: [UInt8]) async throws -> Bool {
        let json = try RawJSON(parsing: signal)
        guard let name = json.view["signal"]?.string, !name.isEmpty else {
            throw EngineError.invalid("a signal has no name")
        }
        return try await node.signal(name, payload: json.view["data"]?.raw ?? .null) != nil
    }

    func checkpoint(_ run: String, _ report: [UInt8]) async throws -> CheckpointReceipt {
        if isEnding.load(ordering: .acquiring) { return .failed }
        let request: CheckpointRequest
        do {
            request = try CheckpointRequest(parsing: report, limits: .default)
        } catch {
            // The answer that carries the same says what is wrong with it.
            return .failed
        }
        do {
            return switch try await node.checkpoint(request) {
            case .stored: .taken
            case .stale: .stale
            case .unknownRun, .tooLarge: .failed
            }
        } catch is CheckpointProblem {
            return .failed
        }
    }

    func results(of run: String) async throws -> RawJSON { try await state(of: run, .results) }

    func events(of run: String) async throws -> RawJSON { try await state(of: run, .events) }

    private func state(of run: String, _ part: Node.StatePart) async throws -> RawJSON {
        guard let id = ULID(run), let state = try await node.state(of: id, part) else {
            throw EngineError.unknownRun(run)
        }
        return try RawJSON(parsing: state)
    }
}
