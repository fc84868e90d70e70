import NIOCore

/// The request that sends an event which says when it was sent, so that the app can tell how long it
/// took to get there.
struct MarkedEvent: Sendable {
    private let template: ByteBuffer
    private let markIndex: Int
    /// As a text of fixed length, because a JSON number may not begin with zeros.
    private static let mark: StaticString = "\"sent\":\""
    private static let digits = 20

    /// - Parameter id: the event's `data.id`, if it is to have one.
    init(name: String, id: String? = nil) {
        let zeros = String(repeating: "0", count: Self.digits)
        let field = id.map { "\"id\":\"\($0)\"" } ?? "\"order\":\"A-1042\""
        let body = Array("{\"name\":\"\(name)\",\"data\":{\(field),\"sent\":\"\(zeros)\"}}".utf8)
        template = HTTPMessage.post("/e/bench", body: body)
        let end = template.withUnsafeReadableBytes { RawText.end(of: Self.mark, in: $0) }
        markIndex = template.readerIndex + (end ?? 0)
    }

    func request(at nanoseconds: UInt64) -> ByteBuffer {
        var request = template
        var rest = nanoseconds
        for digit in (0..<Self.digits).reversed() {
            request.setInteger(UInt8(ascii: "0") + UInt8(rest % 10), at: markIndex + digit)
            rest /= 10
        }
        return request
    }

    /// When the event in a call's body was sent; `nil` when it does not say.
    static func time(in body: UnsafeRawBufferPointer) -> UInt64? {
        RawText.end(of: mark, in: body).map { UInt64(RawText.number(body, from: $0)) }
    }
}
