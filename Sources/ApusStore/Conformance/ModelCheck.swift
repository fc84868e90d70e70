import ApusCore
import ApusEngine

/// Random histories, on the store and on the model beside it.
extension StoreConformance {
    static let model = [
        Check("random batches leave what they leave in the model") { harness in
            for seed in 1...UInt64(6) {
                var twins = try Twins(harness, seed: seed)
                defer { twins.close() }
                for _ in 0..<120 { try twins.takeStep() }
                try twins.compare()
            }
        }
    ]
}

/// A store and the model, to which the same things happen.
private struct Twins {
    private let harness: StoreConformance.Harness
    private let seed: UInt64
    private var subject: any Store
    private let model: MemoryStore
    private var random: SplitMix64
    private var shards: [Shard]
    private var functions: [FunctionRecord] = []
    private var events: [EventRow] = []
    private var runs: [StartedRun] = []

    private struct Shard {
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
        let before = (shards[shard], functions, events, runs)
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
            (shards[shard], functions, events, runs) = before
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

    // MARK: - Decisions

    private mutating func decision(on shard: Int) throws -> [Write] {
        switch random.below(12) {
        case 0:
            let function = Sample.function("f\(random.below(4))", version: Int(random.below(9)) + 1)
            functions.append(function)
            return [.function(function)]
        case 1:
            var app = Sample.app
            app.checksum = "\(random.next())"
            return [.app(app)]
        case 2, 3: return [.event(event(on: shard))]
        case 4, 5, 6: return startRuns(on: shard)
        case 7: return messages(on: shard)
        default: return turn(on: shard)
        }
    }

    private mutating func event(on shard: Int) -> EventRow {
        let key = random.below(2) == 0 ? Sample.key(random.below(6)) : nil
        let isRepeat = !events.isEmpty && random.below(8) == 0
        let event = EventRow(
            row: draw(&shards[shard].rows.event),
            id: isRepeat ? events[index(events.count)].id : random.nextULID(now: shards[shard].now),
            key: key, name: "name/\(random.below(5))", receivedAt: shards[shard].now,
            body: Sample.json(bytes: Int(random.below(4_000)), seed: random.next())
        )
        events.append(event)
        return event
    }

    private mutating func startRuns(on shard: Int) -> [Write] {
        guard let function = functions.last else { return [] }
        let now = shards[shard].now
        let event = event(on: shard)
        var writes: [Write] = [.event(event)]
        for _ in 0..<(1 + random.below(3)) {
            let row = RunRow(
                row: draw(&shards[shard].rows.run), id: random.nextULID(now: now), function: function.id,
                event: event.row, createdAt: now
            )
            let start = RunStart(
                id: row.id, function: row.function, functionSlug: function.configuration.slug, events: [event.row]
            )
            let head = draw(&shards[shard].rows.turn)
            let turn = Turn(at: now, entries: [.started(start)])
            let projection = RunProjection(
                status: .running, startedAt: nil, endedAt: nil, wakeAt: wakeTime(on: shard), head: head
            )
            runs.append(StartedRun(row: row, turns: [turn], projection: projection, writes: []))
            let written: [Write] = [
                .run(row), .turn(row: head, run: row.row, previous: 0, turn), .projection(run: row.row, projection),
            ]
            writes += random.below(2) == 0 ? written : written.reversed()
        }
        return writes
    }

    private mutating func turn(on shard: Int) -> [Write] {
        let own = runs.indices.filter {
            RowCounters.shard(of: runs[$0].row.row) == ShardID(shard) && !runs[$0].projection.status.isFinal
        }
        guard !own.isEmpty else { return [] }
        let chosen = own[index(own.count)]
        let now = shards[shard].now
        var writes: [Write] = []
        var entries: [JournalEntry] = [.called(job: 1, generation: UInt32(random.below(9)))]
        var payload = Payload(Sample.json(bytes: Int(random.below(500)), seed: random.next()))
        if random.below(3) == 0 {
            payload = Payload(Sample.json(bytes: 5_000, seed: random.next()), row: draw(&shards[shard].rows.payload))
            writes.append(.payload(row: payload.row ?? 0, payload.json))
        }
        let label = StepLabel(name: "step", kind: .run)
        entries.append(
            .stepFinished(
                StepResult(step: .hashing("\(random.next())"), outcome: .completed, memo: payload, label: label)
            )
        )
        var projection = runs[chosen].projection
        projection.startedAt = projection.startedAt ?? now
        projection.wakeAt = wakeTime(on: shard)
        if random.below(4) == 0 {
            let status = RunStatus.allCases[1 + index(3)]
            entries.append(.finished(RunEnd(status: status, output: random.below(2) == 0 ? payload : nil)))
            projection.status = status
            projection.endedAt = now
            projection.wakeAt = nil
        }
        let head = draw(&shards[shard].rows.turn)
        writes.append(
            .turn(row: head, run: runs[chosen].row.row, previous: projection.head, Turn(at: now, entries: entries))
        )
        projection.head = head
        writes.append(.projection(run: runs[chosen].row.row, projection))
        runs[chosen].projection = projection
        return writes
    }

    private mutating func messages(on shard: Int) -> [Write] {
        let other = ShardID(random.below(3))
        let last = shards[shard].lastNumbers[other] ?? 0
        switch random.below(3) {
        case 0:
            shards[shard].lastNumbers[other] = last + 1
            return [.send(to: other, number: last + 1, Sample.messages[index(Sample.messages.count)])]
        case 1: return [.forget(to: other, upTo: random.below(last + 1))]
        default: return [.applied(from: other, number: random.below(100))]
        }
    }

    private mutating func wakeTime(on shard: Int) -> Timestamp? {
        switch random.below(4) {
        case 0: nil
        case 1: shards[shard].now
        default: shards[shard].now + .seconds(Int64(random.below(50)))
        }
    }

    private mutating func index(_ count: Int) -> Int {
        Int(random.below(UInt64(count)))
    }

    // MARK: - Comparing

    mutating func compare() throws {
        let found = subject.reader
        let expected = model.reader
        let time = shards[0].now
        try equal(try found.quarantined(limit: 5), try expected.quarantined(limit: 5), "the inputs set aside")
        for shard in shards.indices {
            try compareWakes(of: ShardID(shard), upTo: shards[shard].now + .seconds(Int64(random.below(60))))
        }
        let keys = (0..<7).map(Sample.key)
        let since = Timestamp(milliseconds: time.milliseconds - Int64(random.below(3_000)))
        try equal(
            try found.functionsStarted(by: keys, since: since), try expected.functionsStarted(by: keys, since: since),
            "what keys started"
        )
        try compareLists(since: since)
        for event in random.sample(of: events, upTo: 10) {
            try equal(try found.event(id: event.id), try expected.event(id: event.id), "an event")
            try equal(try found.runs(ofEvent: event.id), try expected.runs(ofEvent: event.id), "an event's runs")
        }
        for run in random.sample(of: runs, upTo: 20) {
            try equal(try found.run(id: run.row.id), try expected.run(id: run.row.id), "a run")
            for (found, expected) in [
                (try found.run(run.row.row), try expected.run(run.row.row)),
                (try found.journal(ofRun: run.row.id), try expected.journal(ofRun: run.row.id)),
            ] {
                try equal(found?.turns, expected?.turns, "a journal")
                try equal(found?.events, expected?.events, "a run's events")
                try equal(found?.projection, expected?.projection, "a projection")
            }
        }
    }

    private mutating func compareWakes(of shard: ShardID, upTo: Timestamp) throws {
        let limit = 1 + index(5)
        var after: Wake?
        while true {
            let found = try subject.reader.wakes(of: shard, after: after, upTo: upTo, limit: limit)
            let expected = try model.reader.wakes(of: shard, after: after, upTo: upTo, limit: limit)
            try equal(found, expected, "a page of wake-ups")
            guard found.isFull else { return }
            after = found.wakes.last
        }
    }

    private mutating func compareLists(since: Timestamp) throws {
        let limit = 1 + index(30)
        let before = runs.isEmpty ? nil : runs[index(runs.count)].row.row
        for before in [nil, before] {
            let found = try subject.reader.latestRuns(before: before, limit: limit)
            try equal(found, try model.reader.latestRuns(before: before, limit: limit), "the latest runs")
        }
        for name in [nil, "name/\(index(6))"] {
            for since in [nil, since] {
                let found = try subject.reader.events(named: name, before: nil, since: since, limit: limit)
                let expected = try model.reader.events(named: name, before: nil, since: since, limit: limit)
                try equal(found, expected, "the events")
            }
        }
    }

    private func equal<Value: Equatable>(
        _ found: Value, _ expected: Value, _ what: String, file: String = #fileID, line: Int = #line
    ) throws {
        try expectEqual(found, expected, "\(what) with seed \(seed)", file: file, line: line)
    }
}

extension SplitMix64 {
    fileprivate mutating func sample<Element>(of elements: [Element], upTo count: Int) -> [Element] {
        guard !elements.isEmpty else { return [] }
        return (0..<count).map { _ in elements[Int(below(UInt64(elements.count)))] }
    }
}
