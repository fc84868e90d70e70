import ApusCore
import ApusEngine
import ApusStore

/// What functions allowed when a batch was decided. Shards hear of changes one after the other, and a batch
/// may hold decisions from before and after, so there may be several answers.
final class Regimes {
    private var known: Set<Key> = []
    private var registries: [Key: [[UUID16: FunctionRecord]]] = [:]

    private struct Key: Hashable {
        var shard: ShardID
        var epoch: UInt64
        var number: UInt64
    }

    /// A batch is handed to the store.
    /// - Returns: `false` when it was before: a commit that failed is tried again with the same decisions.
    func commits(_ batch: Batch, under registries: [[UUID16: FunctionRecord]]) -> Bool {
        let key = Key(shard: batch.shard, epoch: batch.epoch, number: batch.number)
        guard known.insert(key).inserted else { return false }
        self.registries[key] = registries
        return true
    }

    /// Each batch lands once.
    func take(_ batch: Batch) -> [[UUID16: FunctionRecord]] {
        let key = Key(shard: batch.shard, epoch: batch.epoch, number: batch.number)
        return registries.removeValue(forKey: key) ?? []
    }
}

/// The records of one function that may have been in force.
struct Regime {
    var records: [FunctionRecord]

    init(_ registries: [[UUID16: FunctionRecord]], of function: UUID16) {
        records = registries.compactMap { $0[function] }
    }

    var flows: [FlowControl] { records.map(\.flowControl) }

    /// Whether something holds in whatever was in force; never when nothing is known.
    func always(_ holds: (FunctionRecord) -> Bool) -> Bool {
        !records.isEmpty && records.allSatisfy(holds)
    }

    func sometimes(_ holds: (FunctionRecord) -> Bool) -> Bool {
        records.isEmpty || records.contains(where: holds)
    }
}
