import ApusCore
import Synchronization

/// What a step is called, as a key that is quick to look up.
struct StepName: Hashable {
    /// The id of the first step of the name.
    let first: StepID
    private let bits: Int

    fileprivate init(_ name: String) {
        first = .hashing(name)
        bits = first.hashValue
    }

    static func == (left: StepName, right: StepName) -> Bool {
        left.bits == right.bits && left.first == right.first
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(bits)
    }
}

/// The ids of steps by their names. Handlers run again and again with the same names, so hashes are remembered.
enum StepIDs {
    private static let limit = 4_096
    private static let known = Mutex<[String: StepName]>([:])

    static func name(_ text: String) -> StepName {
        if let name = known.withLock({ $0[text] }) { return name }
        let name = StepName(text)
        known.withLock { known in
            // Names made of data never end; what is used again comes back soon.
            if known.count >= limit { known.removeAll(keepingCapacity: true) }
            known[text] = name
        }
        return name
    }

    /// The SHA-1 of a name, or of `name:index` from the second step of that name on.
    static func id(_ text: String, _ name: StepName, index: Int) -> StepID {
        index == 0 ? name.first : .hashing(text, index: index)
    }
}
