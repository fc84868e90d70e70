import ApusCore
import ApusEngine
import ApusStore

/// What test suites of the protocol ask of a server, and nobody else.
extension Node {
    /// Forgets everything that is stored: runs, events, apps, schedules, limits.
    package func reset(by actor: String) async throws {
        try await write { store throws(StoreError) in try store.reset() }
        for shard in 0..<ShardID(store.shardCount) {
            try await commitReset(of: shard, by: actor)
        }
    }

    /// The commit tells the shard that everything it knows is gone; it reads itself again, and commits. What a run was
    /// just committing may have told it before, and while it reads itself again it takes nothing.
    private func commitReset(of shard: ShardID, by actor: String) async throws {
        let entry = AuditEntry(at: clock.now(), actor: actor, action: .reset, subject: "server", detail: "")
        var tries = 100
        while true {
            do throws(NodeError) {
                _ = try await submit(.audit(entry), to: shard)
                return
            } catch {
                tries -= 1
                guard case .unavailable = error, tries > 0 else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    /// Sets what a function's runs may take at most; `nil` takes that back.
    package func limitForTests(_ function: UUID16, _ limit: TestLimit, to value: Int?) async throws {
        for shard in 0..<ShardID(store.shardCount) {
            _ = try await submit(.testLimit(function, limit, value), to: shard)
        }
    }
}
