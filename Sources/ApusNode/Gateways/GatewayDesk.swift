import ApusEngine
import NIOCore

/// The way between a node and its gateway caller, which live on one event loop or on two: connections need one with a
/// thread of its own.
struct GatewayDesk: Sendable {
    private let caller: NIOLoopBoundBox<GatewayCaller>
    private let loop: any EventLoop
    private let nodeLoop: any EventLoop

    /// - Parameter loop: what the caller is confined to.
    init(_ caller: sending GatewayCaller, loop: any EventLoop, node nodeLoop: any EventLoop) {
        self.caller = NIOLoopBoundBox.makeBoxSendingValue(caller, eventLoop: loop)
        self.loop = loop
        self.nodeLoop = nodeLoop
    }

    /// - Parameter report: called on the node's event loop, never before this method has returned.
    func send(_ call: OutgoingGateway, _ report: @escaping @Sendable (GatewayReport) -> Void) {
        perform { [nodeLoop] caller in
            caller.send(call) { found in Self.run(on: nodeLoop) { report(found) } }
        }
    }

    func end(_ call: CallID) {
        perform { $0.end(call) }
    }

    /// - Parameter onIdle: called when no request is under way any more.
    func drain(_ onIdle: @escaping @Sendable () -> Void) {
        perform { $0.drain(onIdle) }
    }

    func shutdown(_ done: @escaping @Sendable () -> Void) {
        perform { caller in
            caller.shutdown()
            done()
        }
    }

    func pass(to audience: any GatewayAudience) {
        perform { $0.audience = audience }
    }

    var figures: GatewayFigures {
        get async { (try? await loop.submit { caller.value.figures }.get()) ?? GatewayFigures() }
    }

    private func perform(_ body: @escaping @Sendable (GatewayCaller) -> Void) {
        Self.run(on: loop) { body(caller.value) }
    }

    private static func run(on loop: any EventLoop, _ body: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { body() } else { loop.execute(body) }
    }
}
