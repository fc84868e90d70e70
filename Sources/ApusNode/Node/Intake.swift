import ApusEngine
import Synchronization

/// The bounded way from any thread to the shards' event loop: one wake-up for all that has gathered,
/// and a limit on what may wait for its commit.
final class Intake: Sendable {
    struct Mail: Sendable {
        var shard: ShardID
        var input: Input
        var completion: @Sendable (Result<Answer, ShardError>) -> Void
    }

    private struct State {
        var mail: [Mail] = []
        var requests = 0
        var bytes = 0
    }

    private let state = Mutex(State())
    private let requestLimit: Int
    private let byteLimit: Int

    init(requests: Int, bytes: Int) {
        requestLimit = requests
        byteLimit = bytes
    }

    /// Takes a place among those who wait for their commit; `leave` gives it back.
    func enter(bytes: Int) throws(NodeError) {
        let isFull = state.withLock { state in
            guard state.requests < requestLimit, state.requests == 0 || state.bytes + bytes <= byteLimit else {
                return true
            }
            state.requests += 1
            state.bytes += bytes
            return false
        }
        if isFull { throw .unavailable("too many events wait to be stored") }
    }

    func leave(bytes: Int) {
        state.withLock {
            $0.requests -= 1
            $0.bytes -= bytes
        }
    }

    /// - Parameter wake: called when nothing was waiting before, so that one turn collects all.
    func post(_ mail: Mail, wake: () -> Void) {
        let isFirst = state.withLock { state in
            state.mail.append(mail)
            return state.mail.count == 1
        }
        if isFirst { wake() }
    }

    func collect() -> [Mail] {
        state.withLock { state in
            defer { state.mail = [] }
            return state.mail
        }
    }
}
