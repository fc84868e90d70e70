import ApusCore
import ApusEngine
import ApusStore

/// What started a run, besides a single event.
struct RunCause: Hashable, Sendable {
    /// The batch of events that the run is about; its run has the same id.
    var batch: ULID?
    /// The cron expression whose tick started it.
    var cron: String?

    static func read(
        _ run: StoredRun, _ registry: Registry, _ reader: any StoreReader
    ) throws(StoreError) -> RunCause {
        if run.eventName == ScheduledEvent.name {
            return RunCause(cron: try reader.event(id: run.eventID)?.cronExpression)
        }
        let isBatch = registry.functions[run.function]?.configuration.flowControl.batch != nil
        return RunCause(batch: isBatch ? run.id : nil)
    }
}

/// A job as the v1 API shows it, in the words of the protocol's queue.
enum JobJSON {
    static func write(_ job: Job, of run: ULID, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("JobID", CallNames.jobID(run: run, job: job.number))
            writer.member("at", job.wakeTime)
            writer.member("position", 0)
            writer.member("kind", kind(of: job))
            writer.member("attempt", Int(job.attempt))
            writer.key("Raw")
            writer.null()
        }
    }

    private static func kind(of job: Job) -> String {
        switch (job.kind, job.key) {
        case (.sleep, _): "sleep"
        case (.deadline, _): "pause"
        case (_, .start): "start"
        case (_, .afterFailure): "edge-error"
        default: "edge"
        }
    }
}
