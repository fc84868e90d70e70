import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads request bodies within a bound on each and a bound on all that are being read or worked on,
/// so that many large requests at once cannot use up the memory.
package final class RequestBodies: Sendable {
    private let held = Mutex(0)
    private let total: Int
    /// Bytes up to which a body is worked on without leaving the event loop: about 0.1 ms.
    private static let quick = 16_384

    /// - Parameter total: bytes of all bodies together.
    package init(total: Int) {
        self.total = total
    }

    /// Reads a whole body and keeps its bytes accounted for until `use` has returned.
    /// - Throws: ``BodyRefusal``, and what `use` throws.
    package func read<Result>(
        _ request: Request,
        upTo limit: Int,
        use: ([UInt8]) async throws -> Result
    ) async throws -> Result {
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw BodyRefusal.tooLarge(limit: limit)
        }
        var count = 0
        defer { held.withLock { $0 -= count } }
        var bytes: [UInt8] = []
        for try await part in request.body {
            // The sender did not say how much it would send: the library would read on to the end before
            // it answers, so the connection is closed instead.
            guard count + part.readableBytes <= limit else { throw HTTPParserError.invalidContentLength }
            guard take(part.readableBytes) else { throw BodyRefusal.busy }
            count += part.readableBytes
            bytes.append(contentsOf: part.readableBytesView)
        }
        guard bytes.count > Self.quick else { return try await use(bytes) }
        return try await offLoop { try await use(bytes) }
    }

    private func take(_ count: Int) -> Bool {
        held.withLock { held in
            guard held + count <= total else { return false }
            held += count
            return true
        }
    }
}

/// Why a body was not read to its end.
package enum BodyRefusal: Error, Hashable, CustomStringConvertible {
    case tooLarge(limit: Int)
    /// Other bodies take all the room at the moment.
    case busy

    package var description: String {
        switch self {
        case .tooLarge(let limit): "The body is too large: the limit is \(limit) bytes."
        case .busy: "The server is reading too many large requests at once."
        }
    }

    package var status: HTTPResponse.Status {
        switch self {
        case .tooLarge: .contentTooLarge
        case .busy: .serviceUnavailable
        }
    }

    var headers: HTTPFields {
        switch self {
        case .tooLarge: [:]
        case .busy: [.retryAfter: "1"]
        }
    }
}
