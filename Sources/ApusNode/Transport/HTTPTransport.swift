import ApusCore
import ApusEngine
import NIOCore

/// Calls apps at their URLs: turns calls into HTTP requests and answers into replies. Confined to the
/// client's event loop.
final class HTTPTransport: AppTransport {
    private let client: AppClient
    private let userAgent: String
    private let clock: NodeClock
    /// Parsed addresses of discovery calls; targeted ones differ each time.
    private var urls: [String: AppURL] = [:]

    private static let rememberedURLs = 4_096
    private static let account = "00000000-0000-4000-a000-000000000000"

    init(client: AppClient, userAgent: String, clock: NodeClock) {
        self.client = client
        self.userAgent = userAgent
        self.clock = clock
    }

    func send(_ call: OutgoingCall, _ done: @escaping (AppReply) -> Void) {
        let url: AppURL
        do throws(AppURLError) {
            url = try self.url(of: call)
        } catch {
            done(.failed(.noticed(message: "The step URL \(call.url) cannot be used: \(error)")))
            return
        }
        let request = AppRequest(
            method: "POST", url: url, headers: headers(of: call), body: ByteBuffer(bytes: call.body))
        _ = client.call(request, deadline: nil) { [self] result in
            done(reply(to: result))
        }
    }

    func probe(_ url: String, _ done: @escaping (Bool) -> Void) {
        guard let url = try? AppURL(url) else { return done(false) }
        client.probe(url, timeout: .seconds(5), done)
    }

    func shutdown() {
        client.shutdown()
    }

    private func url(of call: OutgoingCall) throws(AppURLError) -> AppURL {
        if let known = urls[call.url] { return known }
        let url = try AppURL(call.url)
        if call.stepID == "step" {
            if urls.count >= Self.rememberedURLs { urls.removeAll(keepingCapacity: true) }
            urls[call.url] = url
        }
        return url
    }

    private func headers(of call: OutgoingCall) -> [(name: String, value: String)] {
        [
            ("content-type", "application/json"),
            ("user-agent", userAgent),
            ("account-id", Self.account),
            ("x-run-id", call.runID.description),
            ("x-request-id", call.requestID.description),
            ("x-inngest-generation-id", String(call.id.generation)),
            ("x-inngest-job-id", call.jobID),
            ("x-inngest-req-version", String(call.version)),
            ("x-inngest-step-id", call.stepID),
        ]
    }

    private func reply(to result: Result<AppResponse, AppCallFailure>) -> AppReply {
        switch result {
        case .success(let response):
            var headers: [(name: String, value: String)] = []
            response.headers.forEach { headers.append(($0, $1)) }
            return .decode(
                RawReply(
                    status: response.status,
                    headers: headers,
                    body: Array(response.body.readableBytesView)
                ),
                now: clock.now()
            )
        case .failure(let failure):
            return .failed(AttemptFailure(failure))
        }
    }
}

extension AttemptFailure {
    fileprivate init(_ failure: AppCallFailure) {
        switch failure {
        case .unreachable(let detail): self = .unreachable(detail)
        case .tls(let detail): self = .unreachable("TLS: \(detail)")
        case .timeout: self = .timedOut
        case .responseTooLarge(let limit): self = .tooLarge(limit: limit)
        case .unsupportedEncoding(let encoding): self = .unsupportedEncoding(encoding)
        case .protocolViolation(let detail): self = .brokenReply(detail)
        case .tooManyRedirects: self = .brokenReply("The app redirects too often.")
        case .badRedirect(let detail):
            self = .brokenReply("The app redirects to \(detail), which is no usable address.")
        case .overloaded: self = .noticed(message: "The server has too many calls under way.")
        case .invalidRequest(let detail): self = .noticed(message: "The call could not be sent: \(detail)")
        case .cancelled: self = .noticed(message: "The server stopped before the app answered.")
        }
    }
}
