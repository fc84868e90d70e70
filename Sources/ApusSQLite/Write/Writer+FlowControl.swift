import ApusCore
import ApusEngine
import ApusStore

/// What flow control remembers.
extension Writer {
    /// Applies the writes of flow control; there are no others left when it is asked.
    func applyFlow(_ write: Write, of shard: ShardID) throws {
        switch write {
        case .keep(let run): try keep(run)
        case .unkeep(let run):
            statements.unkeep.bind(1, run)
            try statements.unkeep.run()
        case .arrival(let arrival):
            statements.arrival.bind(1, Int64(shard))
            statements.arrival.bind(2, high: arrival.key.high, low: arrival.key.low)
            statements.arrival.bind(3, arrival.time)
            try statements.arrival.run()
        case .forgetArrivals(let time):
            statements.forgetArrivals.bind(1, Int64(shard))
            statements.forgetArrivals.bind(2, time)
            try statements.forgetArrivals.run()
        case .pend(let pending): try pend(pending)
        case .join(let run, let member, let position, let bytes):
            try join(member, to: run, position: position, bytes: bytes)
        case .close(let run, let time):
            statements.close.bind(1, high: run.high, low: run.low)
            statements.close.bind(2, time.milliseconds)
            try statements.close.run()
        case .unpend(let run):
            try self.run(statements.emptyPending, run)
            try self.run(statements.unpend, run)
        case .outcome(let outcome): try insert(outcome)
        case .audit(let entry): try insert(entry)
        default: throw StoreError.rejected("a write that this store does not know")
        }
    }

    private func run(_ statement: Statement, _ run: ULID) throws {
        statement.bind(1, high: run.high, low: run.low)
        try statement.run()
    }

    private func keep(_ run: KeptRun) throws {
        let statement = statements.keep
        statement.bind(1, run.run)
        statement.bind(2, try functions.row(of: run.function))
        statement.bind(3, run.createdAt.milliseconds)
        statement.bind(4, run.isStarted ? 1 : 0)
        statement.bind(5, Int64(run.calls))
        statement.bind(6, run.waitsSince?.milliseconds)
        if let flow = run.flow { statement.bind(7, flow.encoded) }
        if let id = run.id { statement.bind(8, high: id.high, low: id.low) }
        try statement.run()
    }

    private func pend(_ pending: Pending) throws {
        let statement = statements.pend
        statement.bind(1, high: pending.run.high, low: pending.run.low)
        statement.bind(2, try functions.row(of: pending.function))
        statement.bind(3, Int64(pending.rule.rawValue))
        statement.bind(4, Int64(bitPattern: pending.key.rule))
        statement.bind(5, high: pending.key.key.high, low: pending.key.key.low)
        statement.bind(6, pending.key.text)
        statement.bind(7, pending.openedAt.milliseconds)
        statement.bind(8, pending.firesAt.milliseconds)
        statement.bind(9, pending.eventTime.milliseconds)
        statement.bind(10, pending.isClosed ? 1 : 0)
        try statement.run()
        try run(statements.emptyPending, pending.run)
        for (position, member) in pending.events.enumerated() {
            // How the bytes are spread over the events does not matter.
            try join(member, to: pending.run, position: position, bytes: position == 0 ? pending.bytes : 0)
        }
    }

    private func join(_ member: Pending.Member, to run: ULID, position: Int, bytes: Int) throws {
        let statement = statements.join
        statement.bind(1, high: run.high, low: run.low)
        statement.bind(2, Int64(position))
        statement.bind(3, member.event)
        statement.bind(4, Int64(bytes))
        if let invoker = member.invoker { statement.bind(5, invoker.encoded) }
        try statement.run()
    }

    private func insert(_ outcome: Outcome) throws {
        let statement = statements.outcome
        statement.bind(1, outcome.event)
        statement.bind(2, try functions.row(of: outcome.function))
        statement.bind(3, Int64(outcome.rule.rawValue))
        statement.bind(4, outcome.at.milliseconds)
        statement.bind(5, outcome.key)
        if let run = outcome.run { statement.bind(6, high: run.high, low: run.low) }
        statement.bind(7, outcome.isTaken ? 1 : 0)
        try statement.run()
    }

    private func insert(_ entry: AuditEntry) throws {
        let insert = try statement("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)")
        insert.bind(1, entry.at.milliseconds)
        insert.bind(2, entry.actor)
        insert.bind(3, entry.action.rawValue)
        insert.bind(4, entry.subject)
        insert.bind(5, entry.detail)
        try insert.run()
        let forget = try statement("DELETE FROM audit WHERE row <= last_insert_rowid() - ?")
        forget.bind(1, Int64(AuditEntry.kept))
        try forget.run()
    }

    // MARK: - For the next owner

    /// Runs that wait or take up room, in the order of rows.
    func keptRuns(of shard: ShardID) throws -> KeptRuns {
        let find = try statement(
            """
            SELECT kept.run, functions.id, kept.created_at, kept.started, kept.calls, kept.waits_since, kept.flow,
                kept.id
            FROM kept JOIN functions ON functions.row = kept.function
            WHERE kept.run >= ? AND kept.run < ? ORDER BY kept.run
            """
        )
        let stretch = RowCounters.stretch(of: shard)
        find.bind(1, stretch.lowerBound)
        find.bind(2, stretch.upperBound)
        var found = KeptRuns()
        while try find.step() {
            let run = KeptRun(
                run: find.int(0), function: find.uuid(1), createdAt: find.time(2), isStarted: find.int(3) != 0,
                calls: Int(find.int(4)), waitsSince: find.time(orNil: 5), flow: nil,
                id: find.isNull(7) ? nil : find.ulid(7)
            )
            do {
                try found.append(run, encodedFlow: find.isNull(6) ? nil : find.bytes(6)) {
                    bytes throws(JournalDecodingError) in try RunFlow(decoding: bytes)
                }
            } catch {
                throw StoreError.unreadable("the keys of run \(run.run): \(error)")
            }
        }
        return found
    }

    /// What throttles and rate limits remember, without what is over.
    func arrivals(of shard: ShardID) throws -> [Arrival] {
        let clean = try statement(
            "DELETE FROM arrivals WHERE shard = ?1 AND time <= (SELECT time FROM shards WHERE shard = ?1) * 1000000"
        )
        clean.bind(1, Int64(shard))
        try clean.run()
        let find = try statement("SELECT key, time FROM arrivals WHERE shard = ? ORDER BY key")
        find.bind(1, Int64(shard))
        var found: [Arrival] = []
        while try find.step() {
            let (high, low) = find.halves(0)
            found.append(Arrival(key: LimitKey(high: high, low: low), time: find.int(1)))
        }
        return found
    }

    /// Debounces and batches, in the order of their runs' ids.
    func pendings(of shard: ShardID, shardCount: Int) throws -> [Pending] {
        let find = try statement(
            """
            SELECT pendings.run, functions.id, kind, rule, key, key_text, opened_at, fires_at, event_time, closed
            FROM pendings JOIN functions ON functions.row = pendings.function ORDER BY pendings.run
            """
        )
        let events = try statement("SELECT event, bytes, invoker FROM pending_events WHERE run = ? ORDER BY position")
        var found: [Pending] = []
        while try find.step() {
            let run = find.ulid(0)
            guard ShardCore.home(of: run, shardCount: shardCount) == shard else { continue }
            guard let kind = Pending.Rule(rawValue: UInt8(truncatingIfNeeded: find.int(2))) else {
                throw StoreError.unreadable("the kind \(find.int(2)) of what run \(run) waits for")
            }
            let (high, low) = find.halves(4)
            var pending = Pending(
                run: run, function: find.uuid(1), rule: kind,
                key: FlowKey(
                    rule: UInt64(bitPattern: find.int(3)), key: LimitKey(high: high, low: low), text: find.text(5)
                ),
                openedAt: find.time(6), firesAt: find.time(7), events: [], eventTime: find.time(8), bytes: 0,
                isClosed: find.int(9) != 0
            )
            events.bind(1, high: run.high, low: run.low)
            while try events.step() {
                var member = Pending.Member(event: events.int(0))
                if !events.isNull(2) {
                    do {
                        member.invoker = try Invoker(decoding: events.bytes(2))
                    } catch {
                        throw StoreError.unreadable("who waits for run \(run): \(error)")
                    }
                }
                pending.events.append(member)
                pending.bytes += Int(events.int(1))
            }
            found.append(pending)
        }
        return found
    }
}
