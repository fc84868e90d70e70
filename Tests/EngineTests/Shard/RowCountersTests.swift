import ApusEngine
import Testing

@Suite("Row numbers")
struct RowCountersTests {
    @Test("each shard draws from a stretch of its own", arguments: [0, 1, 2, 63, 4_095, .max] as [ShardID])
    func stretches(shard: ShardID) {
        let first = RowCounters.firstRow(of: shard)
        #expect(first > 0)
        #expect(RowCounters.shard(of: first) == shard)
        #expect(RowCounters.shard(of: first + (1 << 40) - 2) == shard)
        let counters = RowCounters.empty(shard: shard)
        #expect([counters.event, counters.run, counters.turn, counters.payload] == [first, first, first, first])
        if shard > 0 {
            #expect(RowCounters.firstRow(of: shard - 1) + (1 << 40) == first)
        }
    }

    @Test("a counter gives each number once")
    func draw() {
        var counters = RowCounters.empty(shard: 1)
        let first = counters.turn
        #expect((0..<3).map { _ in ApusEngine.draw(&counters.turn) } == [first, first + 1, first + 2])
        #expect(counters.run == first)
    }
}
