import ApusCore
import Testing

@testable import ApusEngine
@testable import ApusNode

/// Which transport gets a call, and how calls under way end.
@Suite("Calls to apps") struct AppCallerTests {
    @Test("the scheme of the app's URL chooses the transport", arguments: ["socket://app", "SOCKET://app"])
    func scheme(url: String) {
        let (http, socket) = (ScriptedTransport(), ScriptedTransport())
        let caller = AppCaller(transports: ["http": http, "https": http, "socket": socket])
        caller.send(call(url)) { _ in }
        caller.send(call("https://host/path")) { _ in }
        #expect(socket.calls.map(\.url) == [url])
        #expect(http.calls.map(\.url) == ["https://host/path"])
    }

    @Test("a scheme without a transport is a failed attempt", arguments: ["ftp://host", "no scheme", "", ":"])
    func unknownScheme(url: String) throws {
        let caller = AppCaller(transports: ["http": ScriptedTransport()])
        var replies: [AppReply] = []
        caller.send(call(url)) { replies.append($0) }
        guard case .failed(let failure) = try #require(replies.first) else {
            Issue.record("not a failed attempt")
            return
        }
        #expect(failure.cause.contains(url))
        #expect(caller.inFlight == 0)
        var reachable: Bool?
        caller.probe(url) { reachable = $0 }
        #expect(reachable == false)
    }

    @Test("while it drains nothing is sent, and the last answer ends it")
    func drain() {
        let transport = ScriptedTransport()
        let caller = AppCaller(transports: ["http": transport])
        var answers = 0
        var isIdle = false
        for _ in 0..<2 { caller.send(call("http://a")) { _ in answers += 1 } }
        caller.drain { isIdle = true }
        caller.send(call("http://a")) { _ in answers += 1 }
        #expect(transport.calls.count == 2)
        transport.answer()
        #expect(!isIdle)
        transport.answer()
        #expect(isIdle && answers == 2)
    }

    @Test("a transport of several schemes is shut down once")
    func shutdown() {
        let transport = ScriptedTransport()
        AppCaller(transports: ["http": transport, "https": transport]).shutdown()
        #expect(transport.shutdowns == 1)
    }

    private func call(_ url: String) -> OutgoingCall {
        OutgoingCall(
            id: CallID(run: RowID(1), job: 1, generation: 1), app: UUID16(high: 0, low: 1), url: url,
            runID: ULID(high: 0, low: 1), function: UUID16(high: 0, low: 1),
            trace: TraceContext(trace: ULID(high: 0, low: 1), span: 1), stepID: "step",
            requestID: ULID(high: 0, low: 2), jobID: "", version: 1,
            body: [], slots: CallSlots(function: UUID16(high: 0, low: 1))
        )
    }
}

/// Answers when it is told to.
private final class ScriptedTransport: AppTransport {
    private(set) var calls: [OutgoingCall] = []
    private(set) var shutdowns = 0
    private var waiting: [(AppReply) -> Void] = []

    func send(_ call: OutgoingCall, _ done: @escaping (AppReply) -> Void) {
        calls.append(call)
        waiting.append(done)
    }

    func answer() {
        waiting.removeFirst()(.failed(.timedOut))
    }

    func probe(_ url: String, _ done: @escaping (Bool) -> Void) {
        done(true)
    }

    func shutdown() {
        shutdowns += 1
    }
}
