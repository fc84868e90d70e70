import ApusCore
import ApusServer
import Synchronization

/// Sessions whose owners have signed out, so that their live pages end.
final class EndedSessions: Sendable {
    /// Past it the oldest are forgotten: their streams end with the session's time.
    private static let most = 10_000

    private let ended = Mutex<[String: Timestamp]>([:])

    func add(_ session: String, at now: Timestamp) {
        ended.withLock { ended in
            if ended.count >= Self.most {
                let oldest = now - .seconds(Sessions.length)
                ended = ended.filter { $0.value > oldest }
                if ended.count >= Self.most, let first = ended.min(by: { $0.value < $1.value }) {
                    ended[first.key] = nil
                }
            }
            ended[session] = now
        }
    }

    func contains(_ session: String) -> Bool {
        ended.withLock { $0[session] != nil }
    }
}
