import ApusCore
import ApusEngine
import ApusStore

/// Reads on the pool's connections: beside the writer, and beside each other.
struct SQLiteReader: StoreReader {
    let store: SQLiteStore

    func run(_ row: RowID) throws(StoreError) -> LoadedRun? {
        try store.read { try $0.loadedRun("runs.row = ?") { $0.bind(1, row) } }
    }

    func journal(ofRun id: ULID) throws(StoreError) -> LoadedRun? {
        try store.read { try $0.loadedRun("runs.id = ?") { $0.bind(1, high: id.high, low: id.low) } }
    }

    func wakes(of shard: ShardID, after: Wake?, upTo: Timestamp, limit: Int) throws(StoreError) -> WakePage {
        try store.read { try $0.wakes(of: shard, after: after, upTo: upTo, limit: limit) }
    }

    func listeners(_ questions: [ListenerQuestion]) throws(StoreError) -> [ListenerPage] {
        try store.read { try $0.listeners(questions) }
    }

    func listenersWithoutKey() throws(StoreError) -> [(name: String, count: Int)] {
        try store.read { try $0.listenersWithoutKey() }
    }

    func runID(_ row: RowID) throws(StoreError) -> ULID? {
        try store.read { session in
            let find = try session.statement("SELECT id FROM runs WHERE row = ?")
            find.bind(1, row)
            defer { find.reset() }
            return try find.step() ? find.ulid(0) : nil
        }
    }

    func functionsStarted(by keys: [EventKey], since: Timestamp) throws(StoreError) -> [EventKey: [UUID16]] {
        try store.read { try $0.functionsStarted(by: keys, since: since) }
    }

    func events(in rows: [RowID]) throws(StoreError) -> [StoredEvent] {
        try store.read { try $0.events(in: rows) }
    }

    func outcomes(ofEvent id: ULID) throws(StoreError) -> [Outcome] {
        try store.read { try $0.outcomes(ofEvent: id) }
    }

    func event(id: ULID) throws(StoreError) -> StoredEvent? {
        try store.read { try $0.event(id: id) }
    }

    func events(
        named name: String?, before: RowID?, since: Timestamp?, limit: Int
    ) throws(StoreError) -> [StoredEvent] {
        try store.read { try $0.events(named: name, before: before, since: since, limit: limit) }
    }

    func runs(ofEvent id: ULID) throws(StoreError) -> [StoredRun] {
        try store.read { try $0.runs(ofEvent: id) }
    }

    func run(id: ULID) throws(StoreError) -> StoredRun? {
        try store.read { try $0.storedRun(id: id) }
    }

    func runs(_ query: RunQuery, limit: Int) throws(StoreError) -> RunPage {
        try store.read { try $0.runs(query, limit: limit) }
    }

    func runCounts(_ parts: MinuteParts, of functions: Set<UUID16>?) throws(StoreError) -> [RunCount] {
        try store.read { try $0.runCounts(parts, of: functions) }
    }

    func runCountsByFunction(_ minutes: Range<Int64>) throws(StoreError) -> [UUID16: [RunState: Int]] {
        try store.read { try $0.runCountsByFunction(minutes) }
    }

    func eventCounts(_ parts: MinuteParts, of events: EventChoice) throws(StoreError) -> [EventCount]? {
        try store.read { try $0.eventCounts(parts, of: events) }
    }

    func size() throws(StoreError) -> Int64 {
        try store.read { try $0.size() }
    }

    func audit(limit: Int) throws(StoreError) -> [AuditEntry] {
        try store.read { try $0.audit(limit: limit) }
    }

    func cancellations() throws(StoreError) -> [BulkCancellation] {
        try store.read { try $0.cancellations() }
    }

    func spans(ofRun id: ULID) throws(StoreError) -> [AppSpan] {
        try store.read { try $0.spans(ofRun: id) }
    }

    func replays() throws(StoreError) -> [Replay] {
        try store.read { try $0.replays() }
    }

    func runs(repeating id: ULID) throws(StoreError) -> [StoredRun] {
        try store.read { try $0.runs(repeating: id) }
    }

    func backfills() throws(StoreError) -> [Backfill] {
        try store.read { try $0.backfills() }
    }

    func livingRuns(
        of function: UUID16, from: Timestamp?, to: Timestamp, after: RowID, limit: Int
    ) throws(StoreError) -> [LivingRun] {
        try store.read { try $0.livingRuns(of: function, from: from, to: to, after: after, limit: limit) }
    }

    func scheduledStarts(after: Wake, limit: Int) throws(StoreError) -> [ScheduledStart] {
        try store.read { try $0.scheduledStarts(after: after, limit: limit) }
    }

    func eventSchedule(_ id: UUID16) throws(StoreError) -> (schedule: EventSchedule, event: EventTemplate)? {
        try store.read { try $0.eventSchedule(id) }
    }

    func eventSchedules(after id: UUID16?, limit: Int) throws(StoreError) -> [EventSchedule] {
        try store.read { try $0.eventSchedules(after: id, limit: limit) }
    }

    func tickCursors() throws(StoreError) -> [ShardID: Tick] {
        try store.read { try $0.tickCursors() }
    }

    func templates(of schedules: [UUID16], atMost bytes: Int) throws(StoreError) -> TemplatePage {
        try store.read { try $0.templates(of: schedules, atMost: bytes) }
    }

    func quarantined(limit: Int) throws(StoreError) -> [QuarantineReport] {
        try store.read { try $0.quarantined(limit: limit) }
    }
}
