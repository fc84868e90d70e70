import ApusCore
import ApusEngine

/// Apps and functions.
extension StoreConformance {
    static let registry = [
        Check("apps and functions survive as they were last stored") { harness in
            let store = try harness.emptyStore()
            defer { store.close() }
            let owner = try Owner(store)
            var failed = Sample.app
            failed.id = .v5(namespace: .oid, name: "other")
            failed.name = "other"
            failed.url = "https://example.com/api/inngest?x=1"
            failed.error = "the app did not answer"
            let functions = (0..<20).map { Sample.function("function-\($0)") }
            try owner.register()
            try owner.commit([.app(failed)] + functions.map(Write.function))
            let event = try owner.event()
            let run = owner.started(event, function: functions[3])
            try owner.commit([.event(event)] + run.writes)
            var changed = Sample.app
            changed.checksum = "another"
            changed.error = "gone"
            var cleared = failed
            cleared.error = nil
            let archived = Sample.function("function-3", version: 2, isArchived: true)
            try owner.commit([.app(changed), .app(cleared), .function(archived)])
            let reopened = try harness.reopen(store)
            defer { reopened.close() }
            var expected = functions + [Sample.function]
            expected[3] = archived
            for shard in 0..<ShardID(reopened.shardCount) {
                let found = try reopened.claim(shard).state.registry
                try expectEqual(found, Registry(apps: [changed, cleared], functions: expected), "the registry")
            }
            let stored = try require(try reopened.reader.run(id: run.row.id), "the run")
            try expectEqual(stored.function, archived.id, "the run's function")
            try expectEqual(stored.functionSlug, "shop-function-3", "the run's function by name")
        }
    ]
}
