import ApusCore
import ApusEngine

/// Making room.
extension MemoryState {
    /// Removes finished runs, oldest first, and the events of their age that no run refers to; when no
    /// run is left to remove, all events that no run refers to.
    /// - Returns: the number of runs removed.
    package mutating func removeOldestFinishedRuns(
        untilSmallerThan limit: Int64, atMost count: Int, idempotencyPeriod: TimeSpan
    ) -> Int {
        let newest = shards.map(\.time).max() ?? Timestamp(milliseconds: 0)
        let since = newest - idempotencyPeriod
        let finished = runs.rows.filter { runs[$0]?.projection.status.isFinal ?? false }
        // A run that keeps a repeat of its event harmless goes only when nothing else can.
        let needed = Set(finished.filter { isNeeded($0, since: since) })
        let order = finished.filter { !needed.contains($0) } + finished.filter(needed.contains)
        var removed = 0
        var newestEvents: [ShardID: RowID] = [:]
        for row in order where bytes > limit && removed < count {
            guard let event = runs[row]?.row.event else { continue }
            remove(run: row)
            removed += 1
            let shard = RowCounters.shard(of: event)
            newestEvents[shard] = max(newestEvents[shard] ?? 0, event)
        }
        removeUnusedEvents { row in newestEvents[RowCounters.shard(of: row)].map { row <= $0 } ?? false }
        if removed < count, bytes > limit { removeUnusedEvents { _ in true } }
        return removed
    }

    private func isNeeded(_ row: RowID, since: Timestamp) -> Bool {
        guard let run = runs[row], let event = events[run.row.event] else { return false }
        return event.key != nil && event.receivedAt > since
    }

    /// Removes events that no run refers to and that have reached all their listeners.
    private mutating func removeUnusedEvents(where isOldEnough: (RowID) -> Bool) {
        for row in events.rows where isUnused(row) && isOldEnough(row) {
            outcomes[row] = nil
            guard let event = events.remove(row) else { continue }
            bytes -= MemoryState.size(of: event)
            eventsByID[event.id]?.removeAll { $0 == row }
            if eventsByID[event.id]?.isEmpty == true { eventsByID[event.id] = nil }
            guard let key = event.key else { continue }
            eventsByKey[key]?.removeAll { $0 == row }
            if eventsByKey[key]?.isEmpty == true { eventsByKey[key] = nil }
        }
    }

    /// No run refers to the event, and none will.
    private func isUnused(_ row: RowID) -> Bool {
        runs(of: row).isEmpty && !looks.contains(row)
            && !(outcomes[row] ?? [:]).values.contains { $0.run.map { pendings[$0] != nil } ?? false }
    }

    private mutating func remove(run row: RowID) {
        guard let run = runs.remove(row) else { return }
        bytes -= MemoryState.sizeOfRun
        runsByID[run.row.id] = nil
        runsByEvent[run.row.event]?.removeAll { $0 == row }
        if runsByEvent[run.row.event]?.isEmpty == true { runsByEvent[run.row.event] = nil }
        alarms[row] = nil
        listeners[row] = nil
        spans[row] = nil
        var next = run.projection.head
        while next != 0, let turn = journal.remove(next) {
            bytes -= MemoryState.size(ofTurn: turn.turn)
            for payload in (try? JournalCodec.payloadRows(in: turn.turn)) ?? [] {
                if let json = payloads.remove(payload) { bytes -= Int64(json.bytes.count) }
            }
            next = turn.previous
        }
    }
}
