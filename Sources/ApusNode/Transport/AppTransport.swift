import ApusCore
import ApusEngine

/// A way in which calls reach an app: the server calls a URL, the app has opened a socket, or the app
/// lives in this process. Confined to the node's event loop.
package protocol AppTransport: AnyObject {
    /// Sends a call and waits for the app's answer, or for the certainty that none will come.
    ///
    /// - Parameter done: called exactly once; what goes wrong is a failed attempt like any other.
    func send(_ call: OutgoingCall, _ done: @escaping (AppReply) -> Void)

    /// Finds out whether an app can be reached, without calling it.
    ///
    /// - Parameter done: called exactly once.
    func probe(_ url: String, _ done: @escaping (Bool) -> Void)

    /// Ends everything under way.
    func shutdown()
}
