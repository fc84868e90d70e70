import ApusCore
import ApusEngine
import NIOCore
import NIOPosix

/// Makes the requests that apps ask for, each host's in their order. Confined to the node's event loop.
///
/// Requests live here and nowhere else: what does not fit is not made, and the app is asked for it again later.
final class GatewayCaller {
    struct Limits {
        var callsPerHost = 64
        /// Requests that may wait for their host.
        var waiting = 10_000
        /// Bytes of all requests, waiting and under way; one is always allowed.
        var bytes = 256 << 20
    }

    /// How long an app is left alone when there is no room for what it asks for.
    private static let pauseWithoutRoom = TimeSpan.seconds(10)
    /// Bytes of an answer above which making a result of it would hold up the loop.
    private static let quicklyRead = 64 << 10

    private final class Call {
        let id: CallID
        let run: ULID
        let function: UUID16
        let report: (GatewayReport) -> Void
        /// Requests that have not been reported.
        var open: Int
        var tickets: [Ticket] = []
        var isAbandoned = false

        init(_ outgoing: OutgoingGateway, _ report: @escaping (GatewayReport) -> Void) {
            id = outgoing.id
            run = outgoing.run
            function = outgoing.slots.function
            open = outgoing.requests.count
            self.report = report
        }
    }

    /// A request of a call, waiting or under way.
    private final class Ticket {
        let call: Call
        let request: GatewayRequest
        let url: AppURL
        var sent: AppCallID?
        /// Who gets the answer's body while it arrives.
        var reader: (any GatewayReader)?
        /// What it takes of memory, roughly.
        var bytes: Int { request.body.count + 1_024 }

        init(_ call: Call, _ request: GatewayRequest, _ url: AppURL) {
            self.call = call
            self.request = request
            self.url = url
        }
    }

    private let client: AppClient
    private let userAgent: String
    private let limits: Limits
    private let clock: NodeClock
    private let loop: any EventLoop
    /// Functions take turns.
    private var lines: HostLines<UUID16, Ticket>
    private var calls: [CallID: Call] = [:]
    private var heldBytes = 0
    private var isDraining = false
    private var onIdle: (() -> Void)?
    /// Who answers are passed on to while they arrive, when their request says so.
    var audience: (any GatewayAudience)?

    init(client: AppClient, userAgent: String, limits: Limits, clock: NodeClock, loop: any EventLoop) {
        self.client = client
        self.userAgent = userAgent
        self.limits = limits
        self.clock = clock
        self.loop = loop
        lines = HostLines(limit: limits.callsPerHost)
    }

    var figures: GatewayFigures {
        GatewayFigures(
            underWay: lines.underWay, waiting: lines.waiting, bytes: heldBytes,
            hosts: lines.busiest(GatewayFigures.hosts).map {
                GatewayFigures.Host(name: $0.host, underWay: $0.underWay, waiting: $0.waiting)
            }
        )
    }

    /// Makes the requests of a call, side by side.
    /// - Parameter report: called once for each of them, never before this method has returned.
    func send(_ outgoing: OutgoingGateway, _ report: @escaping (GatewayReport) -> Void) {
        // A request that is not made belongs to a call that the next start repeats.
        guard !isDraining else { return }
        let call = Call(outgoing, report)
        calls[call.id] = call
        for request in outgoing.requests {
            do {
                enter(Ticket(call, request, try AppURL(request.url.text)))
            } catch {
                let fault = GatewayFault.other("the url cannot be used: \(error)")
                finishSoon(call, request.step, GatewayResult(.failure(fault), to: request, now: clock.now()))
            }
        }
    }

    /// Breaks off what is left of a call; each request is still reported.
    func end(_ id: CallID) {
        guard let call = calls[id], !call.isAbandoned else { return }
        call.isAbandoned = true
        for host in Set(call.tickets.map(\.url.host)) {
            for ticket in lines.remove(of: call.function, from: host, where: { $0.call === call }) {
                heldBytes -= ticket.bytes
                finish(call, ticket.request.step, .notMade(retryIn: .zero))
            }
        }
        for ticket in call.tickets {
            if let sent = ticket.sent { client.cancel(sent) }
        }
    }

    /// Makes no new request and says when the last one has ended. Those that wait are not reported.
    func drain(_ onIdle: @escaping () -> Void) {
        isDraining = true
        lines.removeWaiting()
        self.onIdle = onIdle
        if lines.underWay == 0 { onIdle() }
    }

    func shutdown() {
        isDraining = true
        client.shutdown()
    }

    // MARK: - One request

    private func enter(_ ticket: Ticket) {
        guard lines.waiting < limits.waiting, heldBytes == 0 || heldBytes + ticket.bytes <= limits.bytes else {
            return finishSoon(ticket.call, ticket.request.step, .notMade(retryIn: Self.pauseWithoutRoom))
        }
        ticket.call.tickets.append(ticket)
        heldBytes += ticket.bytes
        if lines.enter(ticket, of: ticket.call.function, to: ticket.url.host) { start(ticket) }
    }

    private func start(_ ticket: Ticket) {
        let request = ticket.request
        var headers = request.headers
        if !headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            headers.append(("User-Agent", userAgent))
        }
        let sent = AppRequest(
            method: request.method, url: ticket.url, headers: headers, body: ByteBuffer(bytes: request.body))
        ticket.sent = client.call(sent, observer: observer(of: ticket), deadline: nil) { [self] result in
            ticket.reader?.end()
            ticket.reader = nil
            received(result, for: ticket)
        }
    }

    private func observer(of ticket: Ticket) -> ((AppResponsePart) -> Void)? {
        guard let topic = ticket.request.audience, let audience else { return nil }
        return { part in
            switch part {
            case .head(let response):
                let answer = GatewayAnswer(
                    run: ticket.call.run, audience: topic, url: ticket.request.url.shown,
                    contentType: response.headers.first(name: "Content-Type")
                )
                ticket.reader = audience.begin(answer)
            case .body(let bytes): ticket.reader?.pass(bytes)
            }
        }
    }

    private func received(_ result: Result<AppResponse, AppCallFailure>, for ticket: Ticket) {
        let answer: Result<GatewayResponse, GatewayFault>
        switch result {
        case .success(let response):
            var headers: [(name: String, value: String)] = []
            response.headers.forEach { headers.append(($0, $1)) }
            answer = .success(
                GatewayResponse(
                    status: response.status, headers: headers, body: Array(response.body.readableBytesView),
                    url: (response.url ?? ticket.url).description
                )
            )
        case .failure(.cancelled): return left(ticket, .notMade(retryIn: .zero))
        case .failure(.overloaded): return left(ticket, .notMade(retryIn: Self.pauseWithoutRoom))
        case .failure(let failure): answer = .failure(GatewayFault(failure))
        }
        let (request, now) = (ticket.request, clock.now())
        guard case .success(let response) = answer, response.body.count > Self.quicklyRead else {
            return left(ticket, GatewayResult(answer, to: request, now: now))
        }
        let later = NIOLoopBound({ [self] in left(ticket, $0) }, eventLoop: loop)
        let read = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            GatewayResult(.success(response), to: request, now: now)
        }
        // The process's own pool never ends; if it did, the answer would be read on the loop.
        read.whenComplete { result in
            later.value((try? result.get()) ?? GatewayResult(.success(response), to: request, now: now))
        }
    }

    /// The request has ended, and the next one of its host may go.
    private func left(_ ticket: Ticket, _ result: GatewayResult) {
        heldBytes -= ticket.bytes
        if let next = lines.leave(ticket.url.host) { start(next) }
        finish(ticket.call, ticket.request.step, result)
        if isDraining, lines.underWay == 0 { onIdle?() }
    }

    private func finish(_ call: Call, _ step: StepID, _ result: GatewayResult) {
        call.open -= 1
        let isLast = call.open == 0
        if isLast { calls[call.id] = nil }
        call.report(GatewayReport(call: call.id, step: step, result: result, isLast: isLast))
    }

    private func finishSoon(_ call: Call, _ step: StepID, _ result: GatewayResult) {
        loop.assumeIsolated().execute { [self] in finish(call, step, result) }
    }
}

/// What the server's requests for steps are doing, for metrics.
package struct GatewayFigures: Sendable {
    /// Hosts that are told of one by one.
    static let hosts = 20

    package var underWay = 0
    package var waiting = 0
    /// Of all requests.
    package var bytes = 0
    package var hosts: [Host] = []

    package struct Host: Sendable {
        package var name: String
        package var underWay: Int
        package var waiting: Int
    }
}

extension GatewayFault {
    fileprivate init(_ failure: AppCallFailure) {
        switch failure {
        case .unreachable(let detail): self = .unreachable(detail)
        case .tls(let detail): self = .unreachable("TLS: \(detail)")
        case .refused(let reason): self = .refused(reason)
        case .timeout: self = .other("no answer within the time that a request may take")
        case .responseTooLarge(let limit): self = .other("the response is larger than the limit of \(limit) bytes")
        case .unsupportedEncoding(let encoding):
            self = .other("the response has the content encoding \"\(encoding)\", which is not supported")
        case .protocolViolation(let detail): self = .other("the response could not be read: \(detail)")
        case .tooManyRedirects: self = .other("too many redirects")
        // The target may hold a secret.
        case .badRedirect: self = .other("a redirect leads to no usable address")
        case .invalidRequest(let detail): self = .other("the request cannot be sent: bad \(detail)")
        case .overloaded: self = .other("the server has too many requests under way")
        case .cancelled: self = .other("broken off")
        }
    }
}
