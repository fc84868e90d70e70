import ApusCore
import ApusEngine
import ApusStore

/// A run with its history, all of one moment: status, output and steps never contradict each other.
struct RunDetail: Sendable {
    var run: StoredRun
    var trace: RunTrace
    /// The rows of the events that the run is about, in order of arrival.
    var eventRows: [RowID]
    /// What the app made itself.
    var spans: [AppSpan] = []

    static func read(_ id: ULID, _ reader: any StoreReader) throws(StoreError) -> RunDetail? {
        guard var run = try reader.run(id: id), let history = try reader.journal(ofRun: id) else { return nil }
        let trace = RunTrace(history.turns)
        // The history was read last, so what it says is newer.
        run.projection = history.projection
        run.end = trace.end
        var rows: [RowID] = []
        if case .started(let start)? = history.turns.first?.entries.first { rows = start.events }
        return RunDetail(run: run, trace: trace, eventRows: rows, spans: try reader.spans(ofRun: id))
    }

    func events(_ reader: any StoreReader) throws(StoreError) -> [StoredEvent] {
        let places = Dictionary(eventRows.enumerated().map { ($1, $0) }) { first, _ in first }
        return try reader.events(in: eventRows).sorted { places[$0.row, default: 0] < places[$1.row, default: 0] }
    }
}

extension StoredEvent {
    /// The cron expression whose tick the event is.
    var cronExpression: String? {
        name == ScheduledEvent.name ? body.view["data"]?["cron"]?.string : nil
    }
}

extension StoredRun {
    /// When the batch was opened whose events the run is about; `nil` for any other run.
    ///
    /// The run of a batch gets its id when the batch is opened.
    func batchCreatedAt(events: Int, _ function: FunctionRecord?) -> Timestamp? {
        events > 1 || function?.configuration.flowControl.batch != nil ? id.timestamp : nil
    }
}
