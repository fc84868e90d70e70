import ApusCore

/// The body of a call to an app, spliced from values that are canonical already: nothing is parsed
/// or encoded again. Key order is canonical (JCS), which is also what is signed.
package enum CallBody {
    /// - Parameters:
    ///   - events: the stored event bodies, in order of arrival; never empty.
    ///   - stepID: the targeted step, or `nil` for a discovery.
    package static func encode(
        run: Run,
        job: Job,
        events: [RawJSON],
        requestID: ULID,
        jobID: String,
        maxAttempts: Int,
        isPlanning: Bool,
        limits: Limits
    ) -> [UInt8] {
        let eventBytes = events.reduce(0) { $0 + $1.bytes.count }
        let firstBytes = events.first?.bytes.count ?? 0
        var leavesStateOut = run.memos.byteCount > limits.inlineStateBytes
        var leavesEventsOut = false
        let stepBytes = leavesStateOut ? 0 : run.memos.byteCount + run.memos.count * 44
        let overhead = 1_024 + run.stack.count * 44
        if overhead + firstBytes + eventBytes + stepBytes > limits.callBodyBytes {
            leavesStateOut = true
            leavesEventsOut = true
        }
        var writer = JSONWriter(reserving: overhead + firstBytes + (leavesEventsOut ? 0 : eventBytes) + stepBytes)
        writer.beginObject()
        writer.key("ctx")
        context(
            run: run, job: job, requestID: requestID, jobID: jobID,
            maxAttempts: maxAttempts, isPlanning: isPlanning, usesAPI: leavesStateOut, to: &writer
        )
        writer.key("defers")
        write(run.deferrals, to: &writer)
        writer.key("event")
        writer.raw(events.first ?? .emptyObject)
        writer.key("events")
        writer.beginArray()
        if !leavesEventsOut {
            for event in events { writer.raw(event) }
        }
        writer.endArray()
        writer.key("steps")
        writer.beginObject()
        if !leavesStateOut {
            for (step, memo) in run.told {
                writer.key(step)
                writer.raw(memo)
            }
        }
        writer.endObject()
        writer.key("use_api")
        writer.value(leavesStateOut)
        writer.key("version")
        writer.value(Int64(run.version))
        writer.endObject()
        return writer.bytes
    }

    /// What the app need not defer again.
    private static func write(_ deferrals: Deferrals, to writer: inout JSONWriter) {
        writer.beginObject()
        for entry in deferrals.entries {
            writer.key(entry.deferral.key)
            writer.beginObject()
            writer.member("abortable", !entry.isAborted)
            writer.endObject()
        }
        writer.endObject()
    }

    private static func context(
        run: Run,
        job: Job,
        requestID: ULID,
        jobID: String,
        maxAttempts: Int,
        isPlanning: Bool,
        usesAPI: Bool,
        to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("attempt")
        writer.value(Int64(job.attempt))
        writer.key("disable_immediate_execution")
        writer.value(isPlanning)
        writer.key("env")
        writer.value("")
        writer.key("fn_id")
        writer.value(run.start.function.description)
        writer.key("generation_id")
        writer.value(Int64(job.generation))
        writer.key("job_id")
        writer.value(jobID)
        writer.key("max_attempts")
        writer.value(Int64(maxAttempts))
        writer.key("qi_id")
        writer.value(CallToken(row: run.row, job: job.number).text)
        writer.key("request_id")
        writer.value(requestID.description)
        writer.key("run_id")
        writer.value(run.id.description)
        writer.key("stack")
        writer.beginObject()
        writer.key("current")
        writer.value(Int64(job.stackPosition))
        writer.key("stack")
        writer.beginArray()
        for step in run.stack { writer.value(step) }
        writer.endArray()
        writer.endObject()
        writer.key("step_id")
        writer.value("step")
        writer.key("use_api")
        writer.value(usesAPI)
        writer.endObject()
    }
}

extension JSONWriter {
    /// Step ids are opaque text; the common ones are hexadecimal and need no escaping.
    fileprivate mutating func key(_ step: StepID) { key(step.description) }
    fileprivate mutating func value(_ step: StepID) { value(step.description) }
}
