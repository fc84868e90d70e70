import ApusCore
import ApusEngine
import ApusStore

/// Events of a time that has not come.
extension Node {
    /// The next runs that are to start later, soonest first.
    package func scheduledStarts(after cursor: Wake?, limit: Int) async throws(StoreError) -> [ScheduledStart] {
        // What is due already is about to start.
        let present = Wake(at: clock.now(), run: .max)
        let after = max(cursor ?? present, present)
        return try await read { reader throws(StoreError) in try reader.scheduledStarts(after: after, limit: limit) }
    }

    /// Ends the runs of an event that have not started; one that other events have started with it stays.
    /// - Returns: how many runs that were; `nil` when there is no such event.
    package func withdraw(event id: ULID, by actor: String) async throws -> Int? {
        let found = try await read { reader throws(StoreError) -> [StoredRun]? in
            try reader.event(id: id) == nil ? nil : Self.unstarted(runsOf: id, reader)
        }
        guard let found else { return nil }
        guard !found.isEmpty else { return 0 }
        try await note(AuditEntry(at: clock.now(), actor: actor, action: .withdrawn, subject: id.description))
        for run in found { try await cancel(row: run.row, .withdrawn) }
        let runs = found.map(\.id)
        // Some may have started meanwhile.
        return try await read { reader throws(StoreError) in
            var count = 0
            for run in runs {
                guard let projection = try reader.run(id: run)?.projection else { continue }
                if projection.status == .cancelled, projection.startedAt == nil { count += 1 }
            }
            return count
        }
    }

    private static func unstarted(runsOf event: ULID, _ reader: any StoreReader) throws(StoreError) -> [StoredRun] {
        var found: [StoredRun] = []
        for run in try reader.runs(ofEvent: event)
        where !run.projection.status.isFinal && run.projection.startedAt == nil {
            if try reader.run(run.row)?.events.count == 1 { found.append(run) }
        }
        return found
    }
}
