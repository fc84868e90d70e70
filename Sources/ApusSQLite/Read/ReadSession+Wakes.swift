import ApusCore
import ApusEngine
import ApusStore

/// The alarms of runs, in the order of time and run.
extension ReadSession {
    /// The next page of a shard's alarms.
    func wakes(of shard: ShardID, after: Wake?, upTo: Timestamp, limit: Int) throws -> WakePage {
        // One more than the page holds tells whether it is full.
        let limit = min(max(limit, 1), .max - 1)
        var wakes: [Wake] = []
        // The rest of the moment where the page before ended comes first, by a query of its own: all
        // runs that are due have the same alarm, and a combined one would pass by those before.
        if let after, after.at <= upTo {
            wakes = try self.wakes(of: shard, at: after.at, after: after.run, limit: limit + 1)
        }
        wakes += try self.wakes(of: shard, after: after?.at, upTo: upTo, limit: limit + 1 - wakes.count)
        let isFull = wakes.count > limit
        if isFull { wakes.removeLast() }
        return WakePage(wakes: wakes, upTo: upTo, isFull: isFull)
    }

    private func wakes(of shard: ShardID, at time: Timestamp, after run: RowID, limit: Int) throws -> [Wake] {
        let find = try statement(
            "SELECT alarm, run FROM live WHERE alarm = ? AND run > ? AND run < ? ORDER BY run LIMIT ?"
        )
        let stretch = RowCounters.stretch(of: shard)
        find.bind(1, time.milliseconds)
        find.bind(2, max(run, stretch.lowerBound - 1))
        find.bind(3, stretch.upperBound)
        find.bind(4, Int64(limit))
        return try wakes(find)
    }

    private func wakes(of shard: ShardID, after: Timestamp?, upTo: Timestamp, limit: Int) throws -> [Wake] {
        let find = try statement(
            """
            SELECT alarm, run FROM live WHERE alarm > ? AND alarm <= ? AND run >= ? AND run < ?
            ORDER BY alarm, run LIMIT ?
            """
        )
        let stretch = RowCounters.stretch(of: shard)
        find.bind(1, after?.milliseconds ?? .min)
        find.bind(2, upTo.milliseconds)
        find.bind(3, stretch.lowerBound)
        find.bind(4, stretch.upperBound)
        find.bind(5, Int64(limit))
        return try wakes(find)
    }

    private func wakes(_ find: Statement) throws -> [Wake] {
        var wakes: [Wake] = []
        while try find.step() { wakes.append(Wake(at: find.time(0), run: find.int(1))) }
        return wakes
    }
}
