import ApusCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Events that the server did not take.
public struct SendError: Error, Sendable, CustomStringConvertible {
    /// Why not.
    public let reason: String
    /// The server's status, if it answered.
    public let status: Int?
    /// The server's ids of the events that it took before.
    public let accepted: [String]

    /// Why not, and how many were taken.
    public var description: String {
        "the events were not sent: \(reason)" + (accepted.isEmpty ? "" : "; \(accepted.count) of them were")
    }
}

extension Client {
    /// Sends an event.
    /// - Returns: the server's id of the event.
    /// - Throws: ``SendError`` when the server cannot be reached or refuses it, `EncodingError` when it is no JSON.
    @discardableResult
    public func send(_ event: some Event, id: String? = nil, at date: Date? = nil) async throws -> String {
        try await send([OutgoingEvent(event, id: id, at: date)]).first ?? ""
    }

    /// Sends events, in as few requests as the server's limits allow.
    ///
    /// A request that gets no answer is repeated; the server knows it again, so nothing is doubled. When several
    /// requests are needed and one fails for good, the events of the ones before it have been taken.
    ///
    /// - Returns: the server's ids of the events, in their order.
    /// - Throws: ``SendError`` when the server cannot be reached or refuses one, `EncodingError` when one is no JSON.
    @discardableResult
    public func send(_ events: [OutgoingEvent]) async throws -> [String] {
        var ids: [String] = []
        for batch in EventBatch.batches(of: try events.map { try $0.json() }) {
            ids += try await send(batch, after: ids)
        }
        return ids
    }

    private func send(_ batch: EventBatch, after accepted: [String]) async throws -> [String] {
        let seed = EventBatch.seed()
        var failure = SendError(reason: "", status: nil, accepted: accepted)
        for attempt in 0..<Backoff.tries {
            if attempt > 0 { try await Backoff.pause(after: attempt - 1) }
            do {
                let answer = try await link.ingest(batch.body, seed: seed)
                guard let reason = answer.failure else { return answer.ids }
                failure = SendError(reason: reason, status: answer.status, accepted: accepted + answer.ids)
                // What the server refuses it would refuse again.
                if answer.status < 500, answer.status != 429 { throw failure }
            } catch let error where error is SendError || error is CancellationError || error is ConfigurationError {
                throw error
            } catch {
                failure = SendError(reason: "\(error)", status: nil, accepted: accepted)
            }
        }
        throw failure
    }

    package func sendSignal(_ signal: String, _ payload: some Encodable) async throws -> Bool {
        var writer = JSONWriter()
        let data = try Coding.encode(payload)
        writer.object { writer in
            writer.member("data", data)
            writer.member("signal", signal)
        }
        return try await link.signal(writer.bytes)
    }
}

/// The events of one request.
struct EventBatch {
    /// Events of a request at most.
    static let countLimit = 5_000
    /// Bytes of a request at most, unless a single event has more.
    static let byteLimit = 3 << 20

    private(set) var count = 0
    private var text: [UInt8] = [UInt8(ascii: "[")]

    var body: [UInt8] { text + [UInt8(ascii: "]")] }

    static func batches(of events: [RawJSON]) -> [EventBatch] {
        var batches: [EventBatch] = []
        var batch = EventBatch()
        for event in events {
            let isFull = batch.count >= countLimit || batch.text.count + event.bytes.count + 2 > byteLimit
            if isFull, batch.count > 0 {
                batches.append(batch)
                batch = EventBatch()
            }
            if batch.count > 0 { batch.text.append(UInt8(ascii: ",")) }
            batch.text += event.bytes
            batch.count += 1
        }
        return batch.count > 0 ? batches + [batch] : batches
    }

    /// What lets the server know a repeated request again.
    static func seed() -> String {
        let entropy = Data((0..<10).map { _ in UInt8.random(in: .min ... .max) })
        return "\(Timestamp.now.milliseconds),\(entropy.base64EncodedString())"
    }
}
