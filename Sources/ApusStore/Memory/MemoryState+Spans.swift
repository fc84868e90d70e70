import ApusCore
import ApusEngine

/// Spans that apps made.
extension MemoryState {
    mutating func keep(_ found: [AppSpan], of id: ULID) -> Int? {
        guard let run = runsByID[id] else { return nil }
        var kept = 0
        for span in found {
            let count = spans[run]?.count ?? 0
            guard count < AppSpan.countLimit || spans[run]?[span.id] != nil else { continue }
            spans[run, default: [:]][span.id] = span
            kept += 1
        }
        return kept
    }

    /// Everything but who owns which shard, and how far its time has come.
    mutating func reset() {
        let shards = shards
        self = MemoryState(shardCount: shards.count)
        for (index, shard) in shards.enumerated() {
            self.shards[index] = shard
            self.shards[index].epoch += 1
        }
    }
}
