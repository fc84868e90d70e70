import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers with the headers that pages need.
enum PageAnswer {
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    static var headers: HTTPFields {
        var headers: HTTPFields = [.contentSecurityPolicy: policy, .cacheControl: "no-store"]
        headers[.xContentTypeOptions] = "nosniff"
        if let referrer = HTTPField.Name("Referrer-Policy") { headers[referrer] = "same-origin" }
        return headers
    }

    static func html(_ text: String, status: Int = 200, forgetsNotice: Bool = false) -> Response {
        var headers = headers
        headers[.contentType] = "text/html; charset=utf-8"
        if forgetsNotice { headers[.setCookie] = Notice.forgotten }
        return response(text, status, headers)
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        var headers = headers
        headers[.contentType] = type
        return response(text, 200, headers)
    }

    /// To the page that follows an action.
    static func redirect(to url: String, _ notice: Notice?, cookies: [String] = []) -> Response {
        var headers = headers
        headers[.location] = url
        for cookie in cookies + [notice?.cookieValue].compactMap(\.self) {
            headers.append(HTTPField(name: .setCookie, value: cookie))
        }
        return response("", 303, headers)
    }

    private static func response(_ text: String, _ status: Int, _ headers: HTTPFields) -> Response {
        Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
