import Apus
import ApusCore
import ApusEngine
import ApusNode
import NIOCore

/// Hands calls to the functions of this process. Confined to the node's event loop; the functions run on the
/// concurrency library's threads.
final class InProcessTransport: AppTransport {
    private let endpoint: Apus.Endpoint
    private let calls: RunningCalls
    private let loop: any EventLoop
    private let clock: NodeClock

    init(_ endpoint: Apus.Endpoint, _ calls: RunningCalls, loop: any EventLoop, clock: NodeClock) {
        self.endpoint = endpoint
        self.calls = calls
        self.loop = loop
        self.clock = clock
    }

    /// Where the functions are said to be: a name that no network has.
    static let url = "http://embedded.invalid/"

    func send(_ call: OutgoingCall, _ done: @escaping (AppReply) -> Void) {
        guard call.reentry == nil, call.url.hasPrefix(Self.url) else {
            let message = "The engine calls the functions of its own process only, and not \(call.url)."
            return done(.failed(.noticed(message: message)))
        }
        let later = NIOLoopBound(done, eventLoop: loop)
        calls.start { [endpoint, clock, loop] in
            let reply = await Self.reply(of: endpoint, to: call, clock)
            loop.execute { later.value(reply) }
        }
    }

    private static func reply(of endpoint: Apus.Endpoint, to call: OutgoingCall, _ clock: NodeClock) async -> AppReply {
        let query = QueryString(call.url.drop { $0 != "?" }.dropFirst())
        let response = await endpoint.answer(to: query.first("fnId"), step: call.stepID, body: call.body)
        let reply = RawReply(
            status: response.status, headers: response.headers + Apus.Endpoint.identification, body: response.body)
        return .decode(reply, now: clock.now())
    }

    func probe(_ url: String, _ done: @escaping (Bool) -> Void) {
        done(url.hasPrefix(Self.url))
    }

    func shutdown() {
        calls.cancelAll()
    }
}
