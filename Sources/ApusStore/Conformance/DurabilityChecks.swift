import ApusCore
import ApusEngine

/// What is there after the store was closed and opened.
extension StoreConformance {
    static let durability = [
        Check("a store that is opened again holds everything") { harness in
            var store = try harness.emptyStore()
            let owner = try Owner(store)
            try owner.register()
            let event = try owner.event(key: Sample.key(1))
            let asleep = owner.started(event, wakeAt: owner.now + .hours(3))
            try owner.commit([.event(event)] + asleep.writes)
            let other = try owner.event()
            let ended = try owner.finishedRun(other)
            store = try harness.reopen(store)
            defer { store.close() }
            try expectEqual(try store.lastBatch(of: 0, epoch: owner.epoch), owner.batch, "the last batch")
            try expectStored(asleep, event, in: store)
            try expectStored(ended, other, end: RunEnd(status: .completed, output: nil), in: store)
            let next = try Owner(store)
            try expectEqual(next.epoch, owner.epoch + 1, "the epoch")
            try expectEqual(next.batch, owner.batch, "the batch")
            try expectEqual(next.state.time, owner.now - .milliseconds(1), "the time")
            try expectEqual(next.rows, owner.rows, "the row counters")
            try expectEqual(next.state.registry.functions[Sample.function.id], Sample.function, "the function")
            try next.commit([.event(try next.event())])
        },
        Check("readers see a batch as soon as it is committed, and all of it") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            for _ in 0..<50 {
                let event = try owner.event()
                let run = owner.started(event)
                try owner.commit([.event(event)] + run.writes)
                try expectStored(run, event, in: store)
            }
        },
        Check("a closed store answers with an error") { harness in
            let store = try harness.emptyStore()
            let owner = try Owner(store)
            let reopened = try harness.reopen(store)
            reopened.close()
            reopened.close()
            try expectError(.unavailable, "a commit") { () throws(StoreError) in try reopened.commit(owner.next([])) }
            try expectError(.unavailable, "a claim") { () throws(StoreError) in _ = try reopened.claim(0) }
            try expectError(.unavailable, "a read") { () throws(StoreError) in _ = try reopened.reader.run(1) }
        },
    ]
}
