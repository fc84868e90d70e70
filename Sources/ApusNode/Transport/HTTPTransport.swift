import ApusCore
import ApusEngine
import NIOCore
import NIOPosix

/// Calls apps at their URLs: turns calls into HTTP requests and answers into replies. Confined to the
/// client's event loop.
final class HTTPTransport: AppTransport {
    private let client: AppClient
    private let userAgent: String
    private let clock: NodeClock
    /// `nil` when nothing is signed.
    private let signing: AppSigning?
    private let loop: any EventLoop
    /// Parsed addresses of discovery calls; targeted ones differ each time.
    private var urls: [String: AppURL] = [:]

    private static let rememberedURLs = 4_096
    private static let account = "00000000-0000-4000-a000-000000000000"

    /// Bytes of a body above which signing would hold up the loop: about 0.1 ms.
    private static let quicklySigned = 64 << 10

    init(client: AppClient, userAgent: String, clock: NodeClock, signing: AppSigning?, loop: any EventLoop) {
        self.client = client
        self.userAgent = userAgent
        self.clock = clock
        self.signing = signing
        self.loop = loop
    }

    func send(_ call: OutgoingCall, _ done: @escaping (AppReply) -> Void) {
        let url: AppURL
        do throws(AppURLError) {
            url = try self.url(of: call)
        } catch {
            done(.failed(.noticed(message: "The step URL \(call.url) cannot be used: \(error)")))
            return
        }
        if let reentry = call.reentry { return enter(reentry, call, at: url, done) }
        let request = AppRequest(method: "POST", url: url, headers: headers(of: call))
        guard let signing else {
            var request = request
            request.body = ByteBuffer(bytes: call.body)
            return sendNow(request, done)
        }
        let (body, now) = (call.body, clock.now())
        sign(body.count, { signing.sign(request, body: body, at: now) }) { [self] in sendNow($0, done) }
    }

    /// Enters an endpoint again: the request with which its run began, and who asks.
    private func enter(
        _ reentry: Reentry, _ call: OutgoingCall, at url: AppURL, _ done: @escaping (AppReply) -> Void
    ) {
        var request = AppRequest(method: reentry.method, url: url, headers: headers(of: call, reentry))
        request.body = ByteBuffer(bytes: call.body)
        guard let signing else {
            // Present and empty, as the protocol's other server sends it.
            request.headers.append((AppSigning.header, ""))
            return sendNow(request, isEndpoint: true, done)
        }
        let (run, body, now) = (call.runID, call.body, clock.now())
        let unsigned = request
        sign(body.count) {
            var request = unsigned
            request.headers.append((AppSigning.header, signing.signature(of: reentry, run, body, at: now)))
            return request
        } _: { [self] in
            sendNow($0, isEndpoint: true, done)
        }
    }

    /// Makes a signed request, off the loop when that takes long.
    private func sign(
        _ bytes: Int, _ make: @escaping @Sendable () -> AppRequest, _ send: @escaping (AppRequest) -> Void
    ) {
        guard bytes > Self.quicklySigned else { return send(make()) }
        let later = NIOLoopBound(send, eventLoop: loop)
        // The process's own pool never ends; if it did, the call would be made on the loop.
        NIOThreadPool.singleton.runIfActive(eventLoop: loop, make).whenComplete { result in
            later.value((try? result.get()) ?? make())
        }
    }

    private func sendNow(_ request: AppRequest, isEndpoint: Bool = false, _ done: @escaping (AppReply) -> Void) {
        _ = client.call(request, deadline: nil) { [self] result in
            guard let signing, case .success(let response) = result else {
                return done(reply(to: result, isEndpoint: isEndpoint))
            }
            check(response, signing) { [self] flaw in
                guard let flaw else { return done(reply(to: result, isEndpoint: isEndpoint)) }
                let status = response.status
                done(.failed(.noticed(message: "The app's response (status \(status)) \(flaw).")))
            }
        }
    }

    /// Looks at the signature of an answer, off the loop when that takes long.
    private func check(_ response: AppResponse, _ signing: AppSigning, _ done: @escaping (String?) -> Void) {
        let (isRequired, now) = (signing.requiresSignedReplies, clock.now())
        guard response.body.readableBytes > Self.quicklySigned else {
            return done(signing.flaw(of: response, isRequired: isRequired, at: now))
        }
        let later = NIOLoopBound(done, eventLoop: loop)
        let checked = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            signing.flaw(of: response, isRequired: isRequired, at: now)
        }
        checked.whenComplete { result in
            switch result {
            case .success(let flaw): later.value(flaw)
            case .failure: later.value(signing.flaw(of: response, isRequired: isRequired, at: now))
            }
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
        if call.stepID == "step", call.reentry == nil {
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
            ("traceparent", call.trace.traceparent),
            ("tracestate", call.trace.tracestate(app: call.app, function: call.function)),
        ]
    }

    private func headers(of call: OutgoingCall, _ reentry: Reentry) -> [(name: String, value: String)] {
        var headers = [
            ("user-agent", userAgent),
            ("x-run-id", call.runID.description),
            ("x-request-id", call.requestID.description),
            ("x-inngest-generation-id", String(call.id.generation)),
            ("x-inngest-job-id", call.jobID),
            ("x-inngest-req-version", String(call.version)),
        ]
        if !reentry.contentType.isEmpty { headers.append(("content-type", reentry.contentType)) }
        if reentry.isPlanning { headers.append(("x-inngest-force-step-plan", "true")) }
        if call.stepID != "step" { headers.append(("x-inngest-step-id", call.stepID)) }
        return headers
    }

    private func reply(to result: Result<AppResponse, AppCallFailure>, isEndpoint: Bool) -> AppReply {
        switch result {
        case .success(let response):
            var headers: [(name: String, value: String)] = []
            response.headers.forEach { headers.append(($0, $1)) }
            let reply = RawReply(
                status: response.status, headers: headers, body: Array(response.body.readableBytesView)
            )
            return isEndpoint ? .decodeEndpoint(reply, now: clock.now()) : .decode(reply, now: clock.now())
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
        case .refused(let reason): self = .noticed(message: "The app must not be called: \(reason).")
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
