import ApusCore
import Synchronization

/// What the SDK asks of its client's server: over HTTP, or of an engine in this process.
package protocol ServerLink: Sendable {
    /// Hands over events.
    /// - Parameters:
    ///   - events: a JSON array.
    ///   - seed: lets the server know a repeated request again.
    /// - Throws: anything when there is no answer; it is asked again then.
    func ingest(_ events: [UInt8], seed: String) async throws -> IngestAnswer

    /// Hands over a signal, an object of `signal` and `data`.
    /// - Returns: whether a run has got it.
    func signal(_ signal: [UInt8]) async throws -> Bool

    /// Hands over results of steps while a call goes on: a ``CheckpointRequest``.
    /// - Throws: anything when the results may be handed over again.
    func checkpoint(_ run: String, _ report: [UInt8]) async throws -> CheckpointReceipt

    /// The results of a run's steps, by their ids in the order in which they finished.
    func results(of run: String) async throws -> RawJSON

    /// The events of a run.
    func events(of run: String) async throws -> RawJSON
}

/// What became of events.
package struct IngestAnswer: Sendable {
    /// Of those that were taken, in their order.
    package var ids: [String]
    /// 200 when all were taken.
    package var status: Int
    /// Why not all were; `nil` when they were.
    package var failure: String?

    package init(ids: [String], status: Int = 200, failure: String? = nil) {
        self.ids = ids
        self.status = status
        self.failure = failure
    }
}

/// What became of a checkpoint.
package enum CheckpointReceipt: Sendable {
    /// It is durable.
    case taken
    /// Another call has taken this one's place.
    case stale
    /// The call has to end with its step, in whose answer the result goes along.
    case failed
}

// MARK: - The client's own

extension Client {
    /// Where what the SDK asks goes.
    var link: any ServerLink {
        if TestTransport.current == nil, let engine = engine.withLock({ $0 }) { return engine }
        return HTTPLink(client: self)
    }

    /// Lets everything that the SDK asks go to an engine in this process.
    /// - Returns: `false` when the client belongs to one already.
    package func attach(_ link: any ServerLink) -> Bool {
        engine.withLock { engine in
            guard engine == nil || engine is EndedLink else { return false }
            engine = link
            return true
        }
    }

    /// The engine has ended: nothing goes anywhere until another one is opened.
    package func detach() {
        engine.withLock { $0 = EndedLink() }
    }
}

/// To an engine that has ended.
private struct EndedLink: ServerLink {
    private var error: SendError { SendError(reason: "the engine has ended", status: nil, accepted: []) }

    func ingest(_ events: [UInt8], seed: String) async throws -> IngestAnswer { throw error }
    func signal(_ signal: [UInt8]) async throws -> Bool { throw error }
    func checkpoint(_ run: String, _ report: [UInt8]) async throws -> CheckpointReceipt { .failed }
    func results(of run: String) async throws -> RawJSON { throw error }
    func events(of run: String) async throws -> RawJSON { throw error }
}
