import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird
import NIOCore

/// Builds the answers of the HTTP interface, all of one shape.
enum Answers {
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// `{"error":"…","data":null,"status":404}`, the shape of every error outside event intake.
    static func error(_ message: String, status: HTTPResponse.Status, headers: HTTPFields = [:]) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.value(message)
        writer.key("data")
        writer.null()
        writer.key("status")
        writer.value(Int64(status.code))
        writer.endObject()
        return json(writer.bytes, status: status, headers: headers)
    }

    /// `{"data":…,"metadata":{"fetched_at":"…"}}`, the envelope of the v1 API.
    /// - Parameter cursor: of the next page; `nil` inside means that there is none.
    static func envelope(
        status: HTTPResponse.Status = .ok, cursor: String?? = .none, _ data: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(reserving: 1_024)
        writer.beginObject()
        writer.key("data")
        data(&writer)
        writer.key("metadata")
        writer.beginObject()
        writer.key("fetched_at")
        writer.value(ServerClock.now().rfc3339)
        if let cursor {
            writer.key("cursor")
            if let cursor { writer.value(cursor) } else { writer.null() }
        }
        writer.endObject()
        writer.endObject()
        return json(writer.bytes, status: status)
    }

    /// Why the node did not do what it was asked.
    static func failure(_ error: NodeError) -> Response {
        switch error {
        case .unavailable(let reason): unavailable(reason)
        case .rejected(let reason): self.error(reason, status: .internalServerError)
        }
    }

    /// The server cannot take it now; nothing is lost if the sender tries again.
    static func unavailable(_ reason: String) -> Response {
        error(reason, status: .serviceUnavailable, headers: [.retryAfter: "1"])
    }

    static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:])
        -> Response
    {
        var headers = headers
        headers[.contentType] = type
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
