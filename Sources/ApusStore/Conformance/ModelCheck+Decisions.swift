import ApusCore
import ApusEngine

/// What is written in random batches.
extension ModelTwins {
    mutating func decision(on shard: Int) throws -> [Write] {
        switch random.below(15) {
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
        case 8, 9, 10: return try waitWrites(on: shard)
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

    mutating func index(_ count: Int) -> Int {
        Int(random.below(UInt64(count)))
    }
}
