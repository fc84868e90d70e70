import ApusCore

/// A step's result on its way to the server while the call goes on.
struct Checkpoint: Sendable {
    let client: Client
    let call: Call

    func send(_ report: StepReport) async -> CheckpointReceipt {
        let body = body(report)
        for attempt in 0..<Backoff.tries {
            do {
                if attempt > 0 { try await Backoff.pause(after: attempt - 1) }
                return try await client.link.checkpoint(call.run, body)
            } catch is CancellationError {
                return .failed
            } catch {
                continue
            }
        }
        return .failed
    }

    private func body(_ report: StepReport) -> [UInt8] {
        var writer = JSONWriter(reserving: 512 + (report.data?.bytes.count ?? 0))
        writer.object { writer in
            writer.member("fn_id", call.functionID)
            if let generation = call.generation { writer.member("generation_id", generation) }
            writer.member("qi_id", call.queueItem)
            if let id = call.requestID { writer.member("request_id", id) }
            writer.member("request_started_at", call.started.milliseconds)
            writer.member("run_id", call.run)
            writer.key("steps")
            writer.array([report]) { report, writer in report.write(to: &writer) }
            writer.member("ts", Timestamp.now.milliseconds)
        }
        return writer.bytes
    }
}
