import ApusCore
import ApusEngine

/// Who may write, and in which order.
extension StoreConformance {
    static let ownership = [
        Check("an empty store gives an empty shard") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            try expectEqual(store.shardCount, harness.shardCount, "the number of shards")
            for shard in 0..<ShardID(store.shardCount) {
                let claimed = try store.claim(shard)
                try expectEqual(claimed.batch, 0, "the batch")
                try expectEqual(claimed.state.rows, .empty(shard: shard), "the row counters")
                try expectEqual(claimed.state.registry, Registry(), "the registry")
                try expectEqual(claimed.state.time.milliseconds, 0, "the time")
                try expect(claimed.state.unacknowledged.isEmpty, "there are messages")
                try expect(claimed.state.nextNumbers.isEmpty && claimed.state.applied.isEmpty, "there are numbers")
                try expectEqual(try store.lastBatch(of: shard, epoch: claimed.epoch), 0, "the last batch")
            }
            try expect(!store.summary.isEmpty, "there is no summary")
        },
        Check("a shard that does not exist cannot be claimed") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let shard = ShardID(store.shardCount)
            try expectError(.rejected, "a claim") { () throws(StoreError) in _ = try store.claim(shard) }
            try expectError(.rejected, "the last batch") { () throws(StoreError) in
                _ = try store.lastBatch(of: shard, epoch: 0)
            }
        },
        Check("batches follow each other without gaps or repeats") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            try owner.commit([])
            var early = owner.next([])
            early.number += 1
            try expectError(.stale, "a batch that comes too early") { () throws(StoreError) in try store.commit(early) }
            var repeated = owner.next([])
            repeated.number -= 1
            try expectError(.stale, "a repeated batch") { () throws(StoreError) in try store.commit(repeated) }
            try expectEqual(try store.lastBatch(of: 0, epoch: owner.epoch), 2, "the last batch")
            try owner.commit([])
            try expectEqual(try store.lastBatch(of: 0, epoch: owner.epoch), 3, "the last batch")
        },
        Check("a claim ends the rights of the owner before") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let former = try Owner(store)
            try former.commit([.app(Sample.app)])
            let owner = try Owner(store)
            try expect(owner.epoch > former.epoch, "the epoch does not grow")
            try expectEqual(owner.batch, 1, "the batch of the next owner")
            try expectError(.stale, "a commit of the former owner") { () throws(StoreError) in
                try former.commit([.function(Sample.function)])
            }
            try expectError(.stale, "a question of the former owner") { () throws(StoreError) in
                _ = try store.lastBatch(of: 0, epoch: former.epoch)
            }
            try owner.commit([.function(Sample.function)])
            var future = owner.next([])
            future.epoch += 1
            try expectError(.stale, "a commit in a future epoch") { () throws(StoreError) in try store.commit(future) }
        },
        Check("shards number their batches independently") { harness in
            guard harness.shardCount > 1 else { return }
            let store = try harness.emptyStore()
            defer { store.close() }
            let first = try Owner(of: 0, store)
            let second = try Owner(of: 1, store)
            try first.register()
            try first.commit([.event(try first.event())])
            try second.commit([.event(try second.event())])
            try expectEqual(try store.lastBatch(of: 0, epoch: first.epoch), 2, "the last batch of shard 0")
            try expectEqual(try store.lastBatch(of: 1, epoch: second.epoch), 1, "the last batch of shard 1")
            _ = try store.claim(0)
            try second.commit([.event(try second.event())])
        },
        Check("a shard's time never goes back") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let newest = owner.now
            try owner.commit([])
            owner.now = newest - .hours(1)
            try owner.commit([])
            try expectEqual(try store.claim(0).state.time, newest, "the time")
        },
        Check("the next owner draws rows that nobody has drawn") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            for shard in 0..<ShardID(store.shardCount) {
                let owner = try Owner(of: shard, store)
                try owner.register()
                let event = try owner.event()
                let run = owner.started(event)
                let payload = Payload(Sample.json(bytes: 3_000), row: draw(&owner.rows.payload))
                try owner.commit([.event(event), .payload(row: payload.row ?? 0, payload.json)] + run.writes)
                try expectEqual(try store.claim(shard).state.rows, owner.rows, "the row counters of shard \(shard)")
            }
        },
    ]
}
