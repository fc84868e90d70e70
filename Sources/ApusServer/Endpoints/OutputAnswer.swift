import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird
import NIOCore

/// The result of an endpoint's run, as the endpoint would have answered it.
///
/// Whoever sent the request is led here from the app, so the answer comes from this server's origin. It must not get
/// at anything of that origin: it sets no cookie, and a page among such answers is shown in a sandbox.
enum OutputAnswer {
    /// Of every answer.
    static let shared: HTTPFields = [
        .accessControlAllowOrigin: "*", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts",
    ]

    /// Header fields that are not passed on: what frames the message or steers the connection, what this server says
    /// itself, and what changes a browser's relation to an origin.
    static let dropped: Set<String> = [
        "alt-svc", "clear-site-data", "connection", "content-encoding", "content-length", "date", "keep-alive",
        "proxy-authenticate", "proxy-authentication-info", "proxy-connection", "public-key-pins",
        "service-worker-allowed", "set-cookie", "set-cookie2", "strict-transport-security", "te", "trailer",
        "transfer-encoding", "upgrade", "x-inngest-server-kind",
    ]

    /// - Parameter run: one that has ended.
    static func make(of run: StoredRun) -> Response {
        let output = run.end?.output?.json
        if let output, let result = HTTPResult(output: output.view, eventName: run.eventName) {
            return make(of: result)
        }
        switch run.projection.status {
        case .completed: return json(output ?? .null, .ok)
        case .failed, .running: return json(output ?? .null, .internalServerError)
        case .cancelled:
            let error = InvokedEndpointError.cancelled
            return json(error, .gone)
        }
    }

    private static func make(of result: HTTPResult) -> Response {
        let status = HTTPResponse.Status(code: result.status)
        var headers = HTTPFields()
        for (name, value) in result.headers {
            guard !dropped.contains(name.lowercased()), let field = HTTPField.Name(name),
                HTTPField.isValidValue(value)
            else { continue }
            headers.append(HTTPField(name: field, value: value))
        }
        for field in shared {
            // What the app allows other origins is its own business; it cannot loosen the sandbox.
            if field.name == .accessControlAllowOrigin || field.name == .cacheControl, headers[field.name] != nil {
                continue
            }
            if field.name == .contentSecurityPolicy {
                headers.append(field)
            } else {
                headers[field.name] = field.value
            }
        }
        // These have no body, whatever the app says.
        let hasBody = result.status != 204 && result.status != 205 && result.status != 304
        guard hasBody else { return Response(status: status, headers: headers) }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: result.body)))
    }

    private static func json(_ value: RawJSON, _ status: HTTPResponse.Status) -> Response {
        Answers.json(value.bytes, status: status, headers: shared)
    }
}

/// What is said in place of a result.
private enum InvokedEndpointError {
    static let cancelled: RawJSON = {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", "The run was cancelled.")
                writer.member("name", "Error")
            }
        }
        return writer.finish()
    }()
}
