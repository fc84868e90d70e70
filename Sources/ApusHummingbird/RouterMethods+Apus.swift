import Apus
import HTTPTypes
import Hummingbird
import NIOCore

extension RouterMethods {
    /// Serves functions on one path: `GET`, `PUT` and `POST`.
    ///
    /// ```swift
    /// let router = Router()
    /// router.apus(apus, functions: [onboard])
    /// ```
    /// - Parameter path: under which the server calls the app; one that it does not look at by itself must be told to it.
    @discardableResult
    public func apus(_ client: Client, functions: [any Servable], at path: RouterPath = "/api/inngest") -> Self {
        let endpoint = Endpoint(client, functions: functions, framework: "hummingbird")
        for method in [HTTPRequest.Method.get, .put, .post] {
            on(path, method: method) { request, _ in
                let body = try await request.body.collect(upTo: Endpoint.bodyLimit)
                return Response(await endpoint.handle(AppRequest(request, body: body)))
            }
        }
        return self
    }
}

extension AppRequest {
    fileprivate init(_ request: Request, body: ByteBuffer) {
        var headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        if let host = request.head.authority { headers.append(("host", host)) }
        self.init(
            method: request.method.rawValue, target: request.uri.string, headers: headers,
            body: Array(body.readableBytesView)
        )
    }
}

extension Response {
    fileprivate init(_ response: AppResponse) {
        var headers = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        self.init(
            status: HTTPResponse.Status(code: response.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.body))
        )
    }
}
