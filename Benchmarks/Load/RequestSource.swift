import NIOCore

/// The requests of a load generator.
enum RequestSource: Sendable {
    case same(ByteBuffer)
    /// Each with an event id seed of its own.
    case seeded(SeededRequest)

    mutating func next() -> ByteBuffer {
        switch self {
        case .same(let request):
            return request
        case .seeded(var request):
            let next = request.next()
            self = .seeded(request)
            return next
        }
    }
}
