import ApusCore
import Synchronization

/// The ids of steps by their names. Handlers run again and again with the same names, so hashes are remembered.
enum StepIDs {
    private static let limit = 4_096
    private static let known = Mutex<[String: StepID]>([:])

    /// The SHA-1 of a name, or of `name:index` from the second step of that name on.
    static func id(_ name: String, index: Int) -> StepID {
        if index > 0 { return .hashing(name, index: index) }
        if let id = known.withLock({ $0[name] }) { return id }
        let id = StepID.hashing(name)
        known.withLock { known in
            // Names made of data never end; what is used again comes back soon.
            if known.count >= limit { known.removeAll(keepingCapacity: true) }
            known[name] = id
        }
        return id
    }
}
