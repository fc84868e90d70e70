import ApusCore
import ApusEngine

/// Random histories, on the store and on the model beside it.
extension StoreConformance {
    static let model = [
        Check("random batches leave what they leave in the model") { harness in
            for seed in 1...UInt64(6) {
                var twins = try ModelTwins(harness, seed: seed)
                defer { twins.close() }
                for _ in 0..<120 { try twins.takeStep() }
                try twins.compare()
            }
        }
    ]
}

/// A store and the model, to which the same things happen.
struct ModelTwins {
    let harness: StoreConformance.Harness
    let seed: UInt64
    var subject: any Store
    let model: MemoryStore
    var random: SplitMix64
    var shards: [Shard]
    var functions: [FunctionRecord] = []
    var events: [EventRow] = []
    var runs: [StartedRun] = []
    var waits = ModelWaits()

    struct Shard {
        var epoch: UInt64 = 0
        var batch: UInt64 = 0
        var rows: RowCounters
        var now: Timestamp
        var lastNumbers: [ShardID: UInt64] = [:]
    }

    init(_ harness: StoreConformance.Harness, seed: UInt64) throws {
        self.harness = harness
        self.seed = seed
        random = SplitMix64(seed: seed)
        subject = try harness.emptyStore()
        model = MemoryStore(shardCount: harness.shardCount)
        shards = (0..<ShardID(harness.shardCount)).map {
            Shard(rows: .empty(shard: $0), now: Timestamp(milliseconds: 1_700_000_000_000))
        }
        for shard in shards.indices { try claim(shard) }
    }

    func close() {
        subject.close()
    }

    mutating func takeStep() throws {
        let shard = Int(random.below(UInt64(shards.count)))
        switch random.below(40) {
        case 0: try claim(shard)
        case 1: try reopen()
        case 2: try prune()
        case 3:
            let report = QuarantineReport(at: shards[shard].now, input: "reply", reason: "\(random.next())")
            try subject.quarantine(report)
            try model.quarantine(report)
        case 4..<8: try compare()
        default: try commit(on: shard)
        }
    }

    // MARK: - Steps

    private mutating func claim(_ shard: Int) throws {
        let found = try subject.claim(ShardID(shard))
        let expected = try model.claim(ShardID(shard))
        try equal(found.epoch, expected.epoch, "the epoch")
        try equal(found.batch, expected.batch, "the batch")
        try equal(found.state.registry, expected.state.registry, "the registry")
        try equal(found.state.rows, expected.state.rows, "the row counters")
        try equal(found.state.time, expected.state.time, "the time")
        try equal(found.state.nextNumbers, expected.state.nextNumbers, "the next numbers")
        try equal(found.state.applied, expected.state.applied, "the applied numbers")
        try equal(found.state.unacknowledged.map(\.to), expected.state.unacknowledged.map(\.to), "the receivers")
        try equal(
            found.state.unacknowledged.map(\.number), expected.state.unacknowledged.map(\.number), "the numbers"
        )
        try equal(
            found.state.unacknowledged.map(\.message), expected.state.unacknowledged.map(\.message), "the messages"
        )
        try compareWaits(found.state, expected.state)
        shards[shard].epoch = found.epoch
        shards[shard].batch = found.batch
        shards[shard].rows = found.state.rows
    }

    private mutating func reopen() throws {
        subject = try harness.reopen(subject)
    }

    private mutating func prune() throws {
        let count = Int(random.below(5))
        let found = try subject.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: count)
        let expected = try model.removeOldestFinishedRuns(untilSmallerThan: 0, atMost: count)
        try equal(found, expected, "the number of removed runs")
        let left = model.reader
        events = try events.filter { try left.event(id: $0.id)?.row == $0.row }
        runs = try runs.filter { try left.run($0.row.row) != nil }
    }

    private mutating func commit(on shard: Int) throws {
        let before = (shards[shard], functions, events, runs, waits)
        var writes: [Write] = []
        for _ in 0..<(1 + random.below(8)) { writes += try decision(on: shard) }
        shards[shard].now += .milliseconds(Int64(random.below(100)))
        var batch = Batch(
            shard: ShardID(shard), epoch: shards[shard].epoch, number: shards[shard].batch + 1,
            time: shards[shard].now, writes: writes
        )
        switch random.below(20) {
        case 0: batch.number &+= random.below(2) == 0 ? 1 : .max
        case 1: batch.epoch &-= 1
        case 2: batch.writes += writes.suffix(1)
        default: break
        }
        let found = outcome { () throws(StoreError) in try subject.commit(batch) }
        let expected = outcome { () throws(StoreError) in try model.commit(batch) }
        try equal(found, expected, "the outcome of a commit")
        if found == nil {
            shards[shard].batch += 1
        } else {
            (shards[shard], functions, events, runs, waits) = before
        }
        let last = try subject.lastBatch(of: ShardID(shard), epoch: shards[shard].epoch)
        try equal(last, shards[shard].batch, "the last batch")
    }

    private func outcome(_ body: () throws(StoreError) -> Void) -> ErrorKind? {
        do {
            try body()
            return nil
        } catch {
            return ErrorKind(error)
        }
    }
}
