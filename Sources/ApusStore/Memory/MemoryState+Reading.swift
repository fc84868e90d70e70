import ApusCore
import ApusEngine

/// The queries of the contract, each a look-up or one pass.
extension MemoryState {
    func loadedRun(_ row: RowID) throws(StoreError) -> LoadedRun? {
        guard let run = runs[row] else { return nil }
        var turns: [Turn] = []
        var next = run.projection.head
        while next != 0 {
            guard let found = journal[next], found.run == row else {
                throw .unreadable("turn \(next) of run \(row) is missing")
            }
            guard found.previous < next else { throw .unreadable("turn \(next) follows \(found.previous)") }
            turns.append(try turn(next, found))
            next = found.previous
        }
        turns.reverse()
        return LoadedRun(turns: turns, events: try bodies(of: turns, run: row), projection: run.projection)
    }

    private func turn(_ row: RowID, _ stored: JournalRow) throws(StoreError) -> Turn {
        do {
            return try JournalCodec.decode(stored.turn) { payloads[$0] }
        } catch {
            throw .unreadable("turn \(row): \(error)")
        }
    }

    private func bodies(of turns: [Turn], run: RowID) throws(StoreError) -> [RawJSON] {
        guard case .started(let start)? = turns.first?.entries.first else { return [] }
        var bodies: [RawJSON] = []
        for row in start.events {
            guard let event = events[row] else { throw .unreadable("event \(row) of run \(run) is missing") }
            bodies.append(event.body)
        }
        return bodies
    }

    func wakes(of shard: ShardID, after: Wake?, upTo: Timestamp, limit: Int) -> WakePage {
        let found = alarms.lazy
            .filter { RowCounters.shard(of: $0.key) == shard && $0.value <= upTo }
            .map { Wake(at: $0.value, run: $0.key) }
            .filter { wake in after.map { wake > $0 } ?? true }
            .sorted()
        let limit = max(limit, 1)
        return WakePage(wakes: Array(found.prefix(limit)), upTo: upTo, isFull: found.count > limit)
    }

    func functionsStarted(by keys: [EventKey], since: Timestamp) -> [EventKey: [UUID16]] {
        var found: [EventKey: [UUID16]] = [:]
        for key in Set(keys) {
            let recent = (eventsByKey[key] ?? []).filter { event in
                events[event].map { $0.receivedAt > since } ?? false
            }
            var functions: [UUID16] = []
            for run in recent.flatMap({ runsByEvent[$0] ?? [] }).sorted() {
                guard let function = runs[run]?.row.function, !functions.contains(function) else { continue }
                functions.append(function)
            }
            for outcome in recent.sorted().flatMap({ outcomes(of: $0) }) where outcome.isTaken {
                if !functions.contains(outcome.function) { functions.append(outcome.function) }
            }
            if !functions.isEmpty { found[key] = functions }
        }
        return found
    }

    private func outcomes(of event: RowID) -> [Outcome] {
        (outcomes[event] ?? [:]).values.sorted { $0.function < $1.function }
    }

    func outcomes(ofEvent id: ULID) -> [Outcome] {
        Array((eventsByID[id] ?? []).sorted().flatMap { outcomes(of: $0) }.prefix(MemoryState.rowsPerPage))
    }

    func events(in rows: [RowID]) -> [StoredEvent] {
        rows.compactMap { events[$0] }.map(MemoryState.stored)
    }

    /// The runs of an event of its own, and those that took it in with others.
    func runs(of event: RowID) -> [RowID] {
        let shared = outcomes(of: event).filter(\.isTaken).compactMap { $0.run.flatMap { runsByID[$0] } }
        return Array(Set((runsByEvent[event] ?? []) + shared))
    }

    func event(id: ULID) -> StoredEvent? {
        eventsByID[id]?.min().flatMap { events[$0] }.map(MemoryState.stored)
    }

    func events(named name: String?, before: RowID?, since: Timestamp?, limit: Int) -> [StoredEvent] {
        let bytes = name.map { Array($0.utf8) }
        return Array(
            events.newest(before: before).lazy
                .compactMap { events[$0] }
                .filter { event in since.map { event.receivedAt >= $0 } ?? true }
                .filter { event in bytes.map { event.name.utf8.elementsEqual($0) } ?? true }
                .prefix(MemoryState.page(limit))
                .map(MemoryState.stored)
        )
    }

    func runs(ofEvent id: ULID) throws(StoreError) -> [StoredRun] {
        let rows = Set((eventsByID[id] ?? []).flatMap { runs(of: $0) }).sorted()
        return try stored(rows.prefix(MemoryState.rowsPerPage))
    }

    func storedRun(id: ULID) throws(StoreError) -> StoredRun? {
        guard let row = runsByID[id] else { return nil }
        return try stored([row]).first
    }

    func scheduledStarts(after: Wake, limit: Int) -> [ScheduledStart] {
        alarms.lazy.map { Wake(at: $0.value, run: $0.key) }
            .filter { $0 > after && kept[$0.run]?.waitsSince == nil }
            .sorted()
            .compactMap { wake in
                guard let run = runs[wake.run], run.projection.startedAt == nil, let event = events[run.row.event]
                else { return nil }
                return ScheduledStart(
                    wake: wake, run: run.row.id,
                    functionSlug: functions[run.row.function]?.configuration.slug ?? "", event: event.id,
                    eventName: event.name
                )
            }
            .prefix(MemoryState.page(limit))
            .map { $0 }
    }

    func eventSchedule(_ id: UUID16) -> (schedule: EventSchedule, event: EventTemplate)? {
        eventSchedules[id].map { ($0.schedule, EventTemplate(name: $0.schedule.eventName, stored: $0.event)) }
    }

    func eventSchedules(after id: UUID16?, limit: Int) -> [EventSchedule] {
        eventSchedules.keys.filter { key in id.map { key > $0 } ?? true }.sorted()
            .prefix(MemoryState.page(limit)).compactMap { eventSchedules[$0]?.schedule }
    }

    func templates(of schedules: [UUID16], atMost limit: Int) -> TemplatePage {
        var page = TemplatePage()
        var bytes = 0
        for id in schedules where page.count == 0 || bytes < limit {
            page.count += 1
            guard let row = eventSchedules[id] else { continue }
            bytes += row.event.bytes.count
            page.found[id] = NamedTemplate(
                schedule: row.schedule.key.name, event: EventTemplate(name: row.schedule.eventName, stored: row.event)
            )
        }
        return page
    }

    func quarantined(limit: Int) -> [QuarantineReport] {
        quarantine.suffix(MemoryState.page(limit)).reversed()
    }

    /// Rows that a listing gives at most.
    private static let rowsPerPage = 1_000

    static func page(_ limit: Int) -> Int { min(max(limit, 0), rowsPerPage) }

    private static func stored(_ event: EventRow) -> StoredEvent {
        StoredEvent(
            row: event.row, id: event.id, name: event.name, receivedAt: event.receivedAt, body: event.body
        )
    }

    func stored(_ rows: some Sequence<RowID>) throws(StoreError) -> [StoredRun] {
        var found: [StoredRun] = []
        for row in rows {
            guard let run = runs[row], let event = events[run.row.event] else { continue }
            found.append(
                StoredRun(
                    row: row, id: run.row.id, function: run.row.function,
                    functionSlug: functions[run.row.function]?.configuration.slug ?? "",
                    eventID: event.id, eventName: event.name, createdAt: run.row.createdAt,
                    projection: run.projection,
                    end: run.projection.status.isFinal ? try end(head: run.projection.head) : nil,
                    origin: run.row.origin
                )
            )
        }
        return found
    }

    /// How a run ended: an entry of its last turn but for those in which something was noted afterwards.
    private func end(head: RowID) throws(StoreError) -> RunEnd? {
        var next = head
        while next != 0 {
            guard let last = journal[next] else { throw .unreadable("turn \(next) is missing") }
            for case .finished(let end) in try turn(next, last).entries.reversed() { return end }
            next = last.previous
        }
        return nil
    }
}
