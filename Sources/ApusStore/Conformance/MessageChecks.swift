import ApusCore
import ApusEngine

/// Messages between shards: numbered, kept until acknowledged, applied once.
extension StoreConformance {
    static let messages = [
        Check("messages are kept in order until they are acknowledged") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let receivers = (0..<ShardID(store.shardCount)).map { $0 }
            for receiver in receivers {
                for (index, message) in Sample.messages.enumerated() {
                    try owner.commit([.send(to: receiver, number: UInt64(index + 1), message)])
                }
            }
            try owner.commit([.forget(to: receivers[0], upTo: 2)])
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            let state = try reopened.claim(0).state
            for receiver in receivers {
                let found = state.unacknowledged.filter { $0.to == receiver }
                let expected = Array(zip(1..., Sample.messages).dropFirst(receiver == receivers[0] ? 2 : 0))
                try expectEqual(found.map(\.number), expected.map { UInt64($0.0) }, "the numbers to \(receiver)")
                try expectEqual(found.map(\.message), expected.map(\.1), "the messages to \(receiver)")
                try expectEqual(state.nextNumbers[receiver], UInt64(Sample.messages.count + 1), "the next number")
            }
        },
        Check("numbers go on when everything was acknowledged") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.commit([.send(to: 0, number: 1, Sample.messages[0]), .send(to: 0, number: 2, Sample.messages[1])])
            try owner.commit([.forget(to: 0, upTo: 2)])
            try owner.commit([.forget(to: 0, upTo: 2)])
            let next = try Owner(store)
            try expect(next.state.unacknowledged.isEmpty, "messages are left")
            try expectEqual(next.state.nextNumbers, [0: 3], "the next numbers")
            try next.commit([.send(to: 0, number: 3, Sample.messages[2])])
            try expectEqual(try store.claim(0).state.unacknowledged.map(\.number), [3], "the numbers")
        },
        Check("what was applied is known to the receiver alone") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let last = ShardID(store.shardCount - 1)
            let owner = try Owner(of: last, store)
            try owner.commit([.applied(from: 0, number: 7)])
            try owner.commit([.applied(from: 0, number: 8), .applied(from: 5, number: 1)])
            try expectEqual(try store.claim(last).state.applied, [0: 8, 5: 1], "the applied numbers")
            if last > 0 { try expectEqual(try store.claim(0).state.applied, [:], "another shard's numbers") }
        },
    ]
}
