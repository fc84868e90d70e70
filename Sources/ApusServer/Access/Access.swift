/// What a request must show in signed mode. Without keys the server is open.
package enum Access: Hashable, Sendable {
    /// The signing key or its hash as a bearer token: what a route asks for unless it says otherwise.
    case signingKey
    /// The same; the refusal is no JSON, because old SDKs take any JSON here for a server in development.
    case signingKeyInText
    /// An event key as the path's parameter `key`.
    case eventKey
    /// A person who has signed in, or the signing key.
    case page
    /// The token of the run that the path's parameter `id` names. Also of an open server.
    case runToken
    /// A token to listen to topics of realtime. Also of an open server.
    case subscription
    /// The signing key, or a token to publish.
    case publisher
    /// Nothing.
    case open
}
