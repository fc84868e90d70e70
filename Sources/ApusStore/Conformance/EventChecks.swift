import ApusCore
import ApusEngine

/// Events, and what they have started.
extension StoreConformance {
    static let events = [
        Check("events are listed newest first, by name and since a time") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            var stored: [EventRow] = []
            for number in 0..<120 {
                let event = try owner.event(number % 3 == 0 ? "shop/paid" : "shop/order.placed", body: "[\(number)]")
                stored.append(event)
                try owner.commit([.event(event)])
            }
            let newest = Array(stored.reversed()).map(\.row)
            let reader = store.reader
            try expectEqual(
                try reader.events(named: nil, before: nil, since: nil, limit: 50).map(\.row), Array(newest.prefix(50)),
                "the first page"
            )
            try expectEqual(
                try reader.events(named: nil, before: newest[49], since: nil, limit: 500).map(\.row),
                Array(newest.dropFirst(50)), "the second page"
            )
            let paid = stored.filter { $0.name == "shop/paid" }.reversed()
            let found = try reader.events(named: "shop/paid", before: nil, since: nil, limit: 500)
            try expectEqual(found.map(\.row), paid.map(\.row), "the events of a name")
            try expectEqual(found.map(\.body), paid.map(\.body), "their bodies")
            try expectEqual(found.map(\.id), paid.map(\.id), "their ids")
            let since = stored[60].receivedAt
            try expectEqual(
                try reader.events(named: "shop/paid", before: stored[100].row, since: since, limit: 500).map(\.row),
                paid.filter { $0.row < stored[100].row && $0.receivedAt >= since }.map(\.row),
                "the events of a name, before a row and since a time"
            )
        },
        Check("events of all shards are listed") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            var stored: Set<RowID> = []
            let owners = try (0..<ShardID(store.shardCount)).map { try Owner(of: $0, store) }
            for _ in 0..<10 {
                for owner in owners {
                    let event = try owner.event()
                    stored.insert(event.row)
                    try owner.commit([.event(event)])
                }
            }
            var found: [RowID] = []
            while true {
                let page = try store.reader.events(named: nil, before: found.last, since: nil, limit: 4)
                found += page.map(\.row)
                if page.count < 4 { break }
            }
            try expectEqual(found.count, stored.count, "the number of events")
            try expectEqual(Set(found), stored, "the events")
        },
        Check("a repeated event keeps the runs of its first copy") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            try owner.register()
            let id = owner.random.nextULID(now: owner.now)
            let first = try owner.event(key: EventKey(internalID: id), id: id)
            let run = owner.started(first)
            try owner.commit([.event(first)] + run.writes)
            let second = try owner.event(key: EventKey(internalID: id), id: id)
            try owner.commit([.event(second)])
            try expectEqual(try store.reader.event(id: id)?.row, first.row, "the event's row")
            try expectEqual(try store.reader.runs(ofEvent: id).map(\.row), [run.row.row], "the event's runs")
        },
        Check("keys lead to the functions that they started since a time") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            let other = Sample.function("ship")
            try owner.register()
            try owner.commit([.function(other)])
            let twice = try owner.event(key: Sample.key(1))
            let once = try owner.event(key: Sample.key(2))
            let idle = try owner.event(key: Sample.key(3))
            let unnamed = try owner.event()
            let runs = [
                owner.started(twice, function: other), owner.started(twice), owner.started(once),
                owner.started(unnamed),
            ]
            try owner.commit(
                [.event(twice), .event(once), .event(idle), .event(unnamed)] + runs.flatMap(\.writes)
            )
            let before = owner.now
            let again = try owner.event(key: Sample.key(1))
            try owner.commit([.event(again)] + owner.started(again).writes)
            let keys = (0..<200).map { Sample.key($0) }
            let all: [EventKey: [UUID16]] = [
                Sample.key(1): [other.id, Sample.function.id], Sample.key(2): [Sample.function.id],
            ]
            let reader = store.reader
            try expectEqual(try reader.functionsStarted(by: keys, since: .epoch), all, "the functions")
            try expectEqual(
                try reader.functionsStarted(by: keys, since: before - .milliseconds(1)),
                [Sample.key(1): [Sample.function.id]], "the functions of late"
            )
            try expectEqual(
                try reader.functionsStarted(by: keys, since: before), [:], "the functions after the last event"
            )
            try expectEqual(
                try reader.functionsStarted(by: [Sample.key(2), Sample.key(2)], since: .epoch),
                [Sample.key(2): [Sample.function.id]], "the functions of a repeated key"
            )
            try expectEqual(try reader.functionsStarted(by: [], since: .epoch), [:], "the functions of no key")
        },
    ]
}
