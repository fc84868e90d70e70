import ApusCore
import ApusNode
import HTTPTypes
import Hummingbird

/// `POST /v1/traces/userland`: spans that apps made while they were called, by OTLP over HTTP.
struct SpanRoutes: Sendable {
    let node: Node
    let bodies: RequestBodies

    private static let bodyLimit = 8 << 20

    func add(to routes: inout RouteTable) {
        routes.on(.post, "/v1/traces/userland") { request, _ in
            let isJSON = request.headers[.contentType]?.lowercased().contains("json") ?? false
            if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
                let message = "the body is encoded as \(encoding.excerpt()); send it as it is (compression: none)"
                return Self.failure(message, .unsupportedMediaType, isJSON: isJSON)
            }
            do {
                return try await bodies.read(request, upTo: Self.bodyLimit) { body in
                    var export: SpanExport
                    do throws(SpanExportError) {
                        export = isJSON ? try SpanExport(json: body) : try SpanExport(protobuf: body)
                    } catch {
                        return Self.failure("Invalid payload: \(error)", .badRequest, isJSON: isJSON)
                    }
                    for (run, spans) in export.spans {
                        export.reject(spans.count - (try await node.keep(spans, of: run)))
                    }
                    return Self.success(rejected: export.rejected, isJSON: isJSON)
                }
            } catch let refusal as BodyRefusal {
                return Self.failure(refusal.description, refusal.status, isJSON: isJSON)
            }
        }
    }

    /// `ExportTraceServiceResponse`
    private static func success(rejected: Int, isJSON: Bool) -> Response {
        let reason = "they name no run that is known, or break a limit"
        guard !isJSON else {
            var writer = JSONWriter()
            writer.object { writer in
                guard rejected > 0 else { return }
                writer.key("partialSuccess")
                writer.object { writer in
                    writer.member("rejectedSpans", String(rejected))
                    writer.member("errorMessage", reason)
                }
            }
            return Answers.json(writer.bytes)
        }
        guard rejected > 0 else { return protobuf([], .ok) }
        var partial = ProtobufMessage()
        partial.add(1, UInt64(rejected))
        partial.add(2, reason)
        var message = ProtobufMessage()
        message.add(1, partial.bytes)
        return protobuf(message.bytes, .ok)
    }

    /// `google.rpc.Status`; in JSON also what all errors of this API say.
    private static func failure(_ message: String, _ status: HTTPResponse.Status, isJSON: Bool) -> Response {
        guard !isJSON else {
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("error", message)
                writer.key("data")
                writer.null()
                writer.member("message", message)
                writer.member("status", status.code)
            }
            return Answers.json(writer.bytes, status: status)
        }
        var rpc = ProtobufMessage()
        rpc.add(2, message)
        return protobuf(rpc.bytes, status)
    }

    private static func protobuf(_ bytes: [UInt8], _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: [.contentType: "application/x-protobuf"],
            body: ResponseBody(byteBuffer: .init(bytes: bytes)))
    }
}
