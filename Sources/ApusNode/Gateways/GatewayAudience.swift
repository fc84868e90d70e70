import ApusCore
import ApusEngine
import NIOCore

/// Passes answers to requests on while they arrive. Called on the event loop that has the connections,
/// which must not be held up.
package protocol GatewayAudience: Sendable {
    /// An answer begins.
    /// - Returns: who gets its body.
    func begin(_ answer: GatewayAnswer) -> any GatewayReader
}

/// Gets the body of one answer. Called on the event loop that has the connections.
package protocol GatewayReader: Sendable {
    func pass(_ bytes: ByteBuffer)
    /// The body has ended, or was broken off.
    func end()
}

/// What is told of an answer before its body: nothing secret.
package struct GatewayAnswer: Sendable {
    package var run: ULID
    package var audience: GatewayRequest.Audience
    /// Of the request, without the values of its query.
    package var url: String
    package var contentType: String?
}
