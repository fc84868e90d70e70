import ApusSQLite
import ApusStore
import Testing

/// Every store keeps every promise of the contract.
@Suite struct ConformanceTests {
    @Test("in memory", arguments: [1, 7], StoreConformance.checks)
    func memory(shardCount: Int, check: StoreConformance.Check) throws {
        try check.run(
            StoreConformance.Harness(
                shardCount: shardCount,
                makeStore: { MemoryStore(shardCount: $0) },
                reopen: { store in
                    let memory = try #require(store as? MemoryStore)
                    memory.close()
                    return MemoryStore(memory.snapshot)
                }
            )
        )
    }

    @Test("in SQLite", arguments: [1, 3], StoreConformance.checks)
    func sqlite(shardCount: Int, check: StoreConformance.Check) throws {
        let directory = try TemporaryDirectory()
        try check.run(
            StoreConformance.Harness(
                shardCount: shardCount,
                makeStore: { shardCount in
                    var configuration = SQLiteConfiguration()
                    configuration.shardCount = shardCount
                    return try SQLiteStore(.directory(directory.newPath()), configuration: configuration)
                },
                reopen: { store in
                    let sqlite = try #require(store as? SQLiteStore)
                    sqlite.close()
                    return try SQLiteStore(sqlite.place)
                }
            )
        )
    }
}
