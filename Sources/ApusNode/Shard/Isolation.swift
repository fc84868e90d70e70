import DequeModule

/// Inputs of a batch that the store refused, to be committed one at a time, so that the one at fault
/// stands alone and its neighbours become durable.
struct Isolation {
    /// Nothing else is decided meanwhile.
    private(set) var isActive = false
    private var suspects: Deque<Shard.Submission> = []

    mutating func suspect(_ submissions: [Shard.Submission]) {
        guard !submissions.isEmpty else { return }
        suspects.append(contentsOf: submissions)
        isActive = true
    }

    /// - Returns: `nil` when none is left, which ends the isolation.
    mutating func next() -> Shard.Submission? {
        isActive = !suspects.isEmpty
        return suspects.popFirst()
    }

    mutating func removeAll() -> [Shard.Submission] {
        defer { self = Isolation() }
        return Array(suspects)
    }
}
