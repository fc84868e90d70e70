import NIOCore
import NIOHTTP1

/// What one kept-alive connection is doing: a state machine without I/O.
///
/// One request at a time, never pipelined. ``AppConnection`` feeds it what happens on the channel and does what it
/// says.
///
/// ## The keep-alive race
///
/// A server may close an unused connection at the very moment when a request is written to it. The client then sees
/// the end of the stream (or a reset) without one byte of a response, and cannot know whether the app got the request.
/// Such a request is repeated once on a new connection if the connection had been used before *and* died within
/// ``AppClient/Configuration/staleWindow`` of the request: the race is over after one round trip, and an app that dies
/// later, in the middle of a step, must not get the step again without its attempt being counted. Steps are called at
/// least once anyway when a reply is lost, so the repeat breaks no promise.
struct ConnectionState {
    private struct Sent {
        let isReused: Bool
        let at: NIODeadline
        var isWritten: Bool
        var hasBytes = false
    }

    private enum Coding {
        case identity
        case gzip(begun: Bool)
    }

    private struct Incoming {
        var response: AppResponse
        var coding: Coding
        var reusable: Bool
        var encodedBytes = 0
    }

    private enum State {
        case idle
        case waiting(Sent)
        case receiving(Sent, Incoming)
        case complete(AppResponse, reusable: Bool)
        case closed
    }

    private let maxResponseBytes: Int
    private let staleWindow: TimeAmount
    private var state = State.idle

    /// An unused connection.
    ///
    /// - Parameters:
    ///   - maxResponseBytes: the largest response body, encoded and decoded.
    ///   - staleWindow: how long after a request the keep-alive race may show.
    init(maxResponseBytes: Int, staleWindow: TimeAmount) {
        self.maxResponseBytes = maxResponseBytes
        self.staleWindow = staleWindow
    }

    /// Whether a request may be started.
    var isIdle: Bool {
        if case .idle = state { true } else { false }
    }

    /// Whether a body comes in that is not encoded.
    var isReceivingPlain: Bool {
        if case .receiving(_, let incoming) = state, case .identity = incoming.coding { true } else { false }
    }

    /// Takes note of an event.
    mutating func received(_ event: Event) -> Action {
        switch event {
        case .requestStarted(let isReused, let isWritten, let at):
            precondition(isIdle, "one request at a time")
            state = .waiting(Sent(isReused: isReused, at: at, isWritten: isWritten))
            return .none
        case .requestWritten: return requestWritten()
        case .bytesRead: return bytesRead()
        case .head(let head): return headReceived(head)
        case .body(let bytes): return bodyReceived(bytes)
        case .end: return endReceived()
        case .decoded(let bytes): return decoded(bytes)
        case .decodedEnd: return decodedEnd()
        case .readComplete: return readComplete()
        case .fault(let fault, let now): return failed(fault, now)
        case .closed(let now): return failed(.lost("connection closed by the app"), now)
        case .abandoned:
            state = .closed
            return .close
        }
    }

    private mutating func requestWritten() -> Action {
        switch state {
        case .waiting(var sent):
            sent.isWritten = true
            state = .waiting(sent)
        case .receiving(var sent, let incoming):
            sent.isWritten = true
            state = .receiving(sent, incoming)
        case .idle, .complete, .closed: break
        }
        return .none
    }

    private mutating func bytesRead() -> Action {
        switch state {
        case .idle:
            // A server that talks without being asked (a 408 before it closes, say) is not asked again here.
            state = .closed
            return .close
        case .waiting(var sent):
            if !sent.hasBytes {
                sent.hasBytes = true
                state = .waiting(sent)
            }
        case .complete(let response, _):
            state = .complete(response, reusable: false)
        case .receiving, .closed: break
        }
        return .none
    }

    private mutating func headReceived(_ head: HTTPResponseHead) -> Action {
        guard case .waiting(let sent) = state else { return unexpected() }
        let coding: Coding
        switch Self.contentEncoding(head.headers) {
        case "", "identity": coding = .identity
        case "gzip": coding = .gzip(begun: false)
        case let other: return fail(.unsupportedEncoding(other))
        }
        let status = Int(head.status.code)
        state = .receiving(
            sent,
            Incoming(
                response: AppResponse(status: status, headers: AppHeaders(head.headers), body: ByteBuffer()),
                coding: coding,
                reusable: head.isKeepAlive && head.version.minor >= 1 && status != 101
            )
        )
        return .none
    }

    private static func contentEncoding(_ headers: HTTPHeaders) -> String {
        guard let first = headers.first(name: "Content-Encoding") else { return "" }
        let all = headers["Content-Encoding"]
        return all.count == 1 ? first.lowercased() : all.joined(separator: ", ")
    }

    private mutating func bodyReceived(_ bytes: ByteBuffer) -> Action {
        guard case .receiving(let sent, var incoming) = state else { return unexpected() }
        state = .closed  // so that the body below is not copied
        incoming.encodedBytes += bytes.readableBytes
        guard incoming.encodedBytes <= maxResponseBytes else { return tooLarge() }
        let action: Action
        switch incoming.coding {
        case .identity:
            incoming.response.body.writeImmutableBuffer(bytes)
            action = .none
        case .gzip(let begun):
            incoming.coding = .gzip(begun: true)
            action = begun ? .decode(bytes) : .beginDecoding(bytes)
        }
        state = .receiving(sent, incoming)
        return action
    }

    private mutating func endReceived() -> Action {
        guard case .receiving(let sent, let incoming) = state else { return unexpected() }
        if case .gzip(begun: true) = incoming.coding { return .endDecoding }
        complete(incoming, sent)
        return .none
    }

    private mutating func decoded(_ bytes: ByteBuffer) -> Action {
        guard case .receiving(let sent, var incoming) = state else { return unexpected() }
        state = .closed  // so that the body below is not copied
        guard incoming.response.body.readableBytes + bytes.readableBytes <= maxResponseBytes else { return tooLarge() }
        incoming.response.body.writeImmutableBuffer(bytes)
        state = .receiving(sent, incoming)
        return .none
    }

    private mutating func decodedEnd() -> Action {
        guard case .receiving(let sent, let incoming) = state else { return unexpected() }
        complete(incoming, sent)
        return .none
    }

    /// The response is handed over when all bytes read with it have been looked at: more bytes after its end mean
    /// that the two sides disagree about where it ends, and the connection must not be used again.
    private mutating func complete(_ incoming: Incoming, _ sent: Sent) {
        state = .complete(incoming.response, reusable: incoming.reusable && sent.isWritten)
    }

    private mutating func readComplete() -> Action {
        guard case .complete(let response, let reusable) = state else { return .none }
        state = reusable ? .idle : .closed
        return .respond(response, reuse: reusable)
    }

    private mutating func failed(_ fault: ConnectionFault, _ now: NIODeadline) -> Action {
        switch state {
        case .idle:
            state = .closed
            return .close
        case .waiting(let sent):
            guard case .lost(let reason) = fault else { return fail(Self.failure(fault, maxResponseBytes)) }
            let isStale = sent.isReused && !sent.hasBytes && now - sent.at < staleWindow
            return fail(.unreachable(reason), isStale: isStale)
        case .receiving:
            return fail(Self.failure(fault, maxResponseBytes))
        case .complete(let response, _):
            state = .closed
            return .respond(response, reuse: false)
        case .closed:
            return .none
        }
    }

    /// What a fault means once the head of the response has arrived, or when the fault is not a lost connection.
    private static func failure(_ fault: ConnectionFault, _ limit: Int) -> AppCallFailure {
        switch fault {
        case .lost(let reason): .protocolViolation("response cut short: \(reason)")
        case .tls(let reason): .tls(reason)
        case .refused(let reason): .refused(reason)
        case .malformed(let reason): .protocolViolation("malformed response: \(reason)")
        case .corruptBody(let reason): .protocolViolation("corrupt gzip body: \(reason)")
        case .bodyTooLarge: .responseTooLarge(limit: limit)
        case .noDescriptors: .overloaded
        }
    }

    private mutating func tooLarge() -> Action {
        fail(.responseTooLarge(limit: maxResponseBytes))
    }

    private mutating func fail(_ failure: AppCallFailure, isStale: Bool = false) -> Action {
        state = .closed
        return .fail(failure, isStale: isStale)
    }

    /// Parts that no request asked for, or that the decoder still holds after a failure.
    private mutating func unexpected() -> Action {
        switch state {
        case .closed: return .none
        case .complete(let response, _):
            state = .complete(response, reusable: false)
            return .none
        case .idle:
            state = .closed
            return .close
        case .waiting, .receiving:
            return fail(.protocolViolation("malformed response"))
        }
    }
}
