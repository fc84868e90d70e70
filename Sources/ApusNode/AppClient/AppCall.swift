import NIOCore

/// Names one call of one client.
package struct AppCallID: Hashable, Sendable {
    /// 1 for the first call of a client, and so on; never used again.
    let number: UInt64
}

/// A call under way: the request, where it is by now, and whom to tell.
final class AppCall {
    /// Where a call is.
    enum Phase {
        /// In line for a connection.
        case waiting
        /// A connection is being opened for it.
        case connecting
        /// The request was handed to this connection.
        case sent(AppConnection)
        /// `done` was called.
        case ended
    }

    /// The name by which the caller may cancel it.
    let id: AppCallID
    /// The request as the caller gave it, or what a redirect has made of it.
    var request: AppRequest
    /// Who hears of the response while it arrives.
    let observer: ((AppResponsePart) -> Void)?
    /// Whom to tell, once.
    let done: (Result<AppResponse, AppCallFailure>) -> Void
    /// Where it is now; changed by the client only.
    var phase: Phase = .waiting
    /// Where the request goes now: the URL of the request, or the target of the last redirect.
    var url: AppURL
    /// How many redirects it has followed.
    var redirects = 0
    /// A kept-alive connection turned out to be dead. The repeat goes out on a new connection, and only once.
    var needsFreshConnection = false

    /// A call that nothing has been done for yet.
    init(
        id: AppCallID, request: AppRequest, observer: ((AppResponsePart) -> Void)? = nil,
        done: @escaping (Result<AppResponse, AppCallFailure>) -> Void
    ) {
        self.id = id
        self.request = request
        self.observer = observer
        self.done = done
        self.url = request.url
    }

    /// Whether it is in line for a connection.
    var isWaiting: Bool {
        if case .waiting = phase { true } else { false }
    }

    /// Whether its caller has been told the result.
    var hasEnded: Bool {
        if case .ended = phase { true } else { false }
    }
}
