import ApusCore
import ApusEngine
import ApusStore

/// The ids of the one account and environment that a self-hosted server has.
enum Tenancy {
    static let account = "00000000-0000-4000-a000-000000000000"
    static let environment = "00000000-0000-4000-b000-000000000000"
}

/// An event as the v1 API shows it.
enum EventJSON {
    static func write(_ event: StoredEvent, to writer: inout JSONWriter) {
        let view = event.body.view
        writer.beginObject()
        writer.key("internal_id")
        writer.value(event.id)
        writer.key("account_id")
        writer.value(Tenancy.account)
        writer.key("environment_id")
        writer.value(Tenancy.environment)
        writer.key("source")
        writer.value("")
        writer.key("source_id")
        writer.null()
        writer.key("received_at")
        writer.value(event.receivedAt.rfc3339)
        for key in ["id", "name", "data", "ts", "v", "meta"] {
            guard let value = view[key] else { continue }
            writer.key(key)
            writer.raw(value.raw)
        }
        if let user = view["user"], user.count > 0 {
            writer.key("user")
            writer.raw(user.raw)
        }
        writer.endObject()
    }
}

/// A run as the v1 API shows it.
enum RunJSON {
    /// - Parameters:
    ///   - isListed: whether it stands in a list that also names its function, event and times; an extension of
    ///     the v1 API.
    ///   - trigger: what started it besides a single event.
    ///   - waiting: what the run waits for; an extension as well.
    static func write(
        _ run: StoredRun, isListed: Bool = false, trigger: RunCause = RunCause(), waiting: WaitReport? = nil,
        to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("run_id")
        writer.value(run.id)
        writer.key("run_started_at")
        writer.value(run.createdAt.rfc3339)
        writer.key("function_id")
        writer.value(run.function.description)
        writer.key("function_version")
        writer.value(Int64(0))
        writer.key("environment_id")
        writer.value(Tenancy.environment)
        writer.key("event_id")
        writer.value(run.eventID)
        if let batch = trigger.batch { writer.member("batch_id", batch) }
        if let cron = trigger.cron { writer.member("cron", cron) }
        if let origin = run.origin { writer.member("original_run_id", origin) }
        writer.key("status")
        writer.value(run.projection.status.name)
        writer.key("ended_at")
        if let ended = run.projection.endedAt { writer.value(ended.rfc3339) } else { writer.null() }
        if isListed {
            writer.key("function")
            writer.value(run.functionSlug)
            writer.key("event_name")
            writer.value(run.eventName)
            writer.key("state")
            writer.value(RunState(run.projection).name)
            writer.key("first_call_at")
            if let started = run.projection.startedAt { writer.value(started.rfc3339) } else { writer.null() }
        }
        if let output = run.end?.output {
            writer.key("output")
            writer.raw(output.json)
        } else if run.end?.status == .completed {
            writer.key("output")
            writer.null()
        }
        if let waiting {
            writer.key("waiting")
            waiting.write(to: &writer)
        }
        writer.endObject()
    }
}

/// The whole history of a run: every entry with its time and the facts it records.
enum JournalJSON {
    static func write(_ run: StoredRun, _ history: LoadedRun, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("run")
        RunJSON.write(run, to: &writer)
        writer.key("function")
        writer.value(run.functionSlug)
        writer.key("event_name")
        writer.value(run.eventName)
        // With them the history can be replayed against an app's code.
        writer.key("events")
        writer.array(history.events) { event, writer in writer.raw(event) }
        writer.key("entries")
        writer.beginArray()
        for turn in history.turns {
            for entry in turn.entries { write(entry, at: turn.at, to: &writer) }
        }
        writer.endArray()
        writer.key("timeline")
        writer.beginArray()
        for line in RunTimeline(turns: history.turns).lines {
            writer.beginObject()
            writer.member("at", line.at.milliseconds)
            writer.member("what", line.what)
            writer.member("state", line.state.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    static func write(_ entry: JournalEntry, at: Timestamp, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("at")
        writer.value(at.milliseconds)
        writer.key("kind")
        switch entry {
        case .started(let start):
            writer.value("started")
            writer.member("function", start.functionSlug)
            if let invoker = start.invoker { writer.member("invoked_by", invoker.correlation) }
        case .scheduled(let job):
            writer.value("scheduled")
            write(job, to: &writer)
        case .called(let job, let generation):
            writer.value("called")
            writer.member("job", job)
            writer.member("generation", generation)
        case .answered(let job, let version):
            writer.value("answered")
            writer.member("job", job)
            if let version { writer.member("version", version) }
        case .attemptFailed(let job, let retryAt, let error):
            writer.value("attemptFailed")
            writer.member("job", job)
            writer.member("retry_at", retryAt.milliseconds)
            writer.key("error")
            writer.raw(error)
        case .stepFinished(let result):
            writer.value("stepFinished")
            writer.member("step", result.step.description)
            writer.member("name", result.label.name)
            writer.member("step_kind", String(describing: result.label.kind))
            writer.member("outcome", String(describing: result.outcome))
            writer.key("memo")
            writer.raw(result.memo.json)
        case .parallel(let steps, _):
            writer.value("parallel")
            writer.key("steps")
            writer.beginArray()
            for step in steps { writer.value(step.description) }
            writer.endArray()
        case .planMode(let on):
            writer.value("planMode")
            writer.key("on")
            writer.value(on)
        case .invoked(let wait):
            writer.value("invoked")
            writer.member("step", wait.step.description)
            writer.member("function", wait.functionSlug)
            writer.member("event_id", wait.event.description)
        case .stepNamed(let step, let label):
            writer.value("stepNamed")
            writer.member("step", step.description)
            writer.member("name", label.name)
            writer.member("step_kind", String(describing: label.kind))
        case .finished(let end):
            writer.value("finished")
            writer.member("status", end.status.name)
            if !end.cause.isEmpty { writer.member("cause", end.cause) }
        case .listening(let listener):
            writer.value("listening")
            write(listener, to: &writer)
        case .displaced(let listener):
            writer.value("displaced")
            writer.member("listener", listener)
        case .expires(let expiry, let time):
            writer.value("expires")
            writer.member("timeout", String(describing: expiry))
            if let time { writer.member("expires_at", time.milliseconds) }
        case .keyed(let flow):
            writer.value("keyed")
            write(flow, to: &writer)
        case .invokedBy(let invoker):
            writer.value("invokedBy")
            writer.member("invoked_by", invoker.correlation)
        case .waited(let obstacle, let since):
            writer.value("waited")
            writer.member("rule", obstacle.rule.name)
            if !obstacle.key.isEmpty { writer.member("key", obstacle.key) }
            writer.member("since", since.milliseconds)
        case .origin(let origin):
            writer.value("origin")
            writer.member("run_id", origin.run.description)
            writer.member("from", origin.start.name)
            if case .step(let step) = origin.start { writer.member("step", step.description) }
            if let input = origin.input {
                writer.key("input")
                writer.raw(input.json)
            }
            if let replay = origin.replay { writer.member("replay_id", replay.description) }
        case .woken(let job):
            writer.value("woken")
            writer.member("job", job)
        case .checkpointed(let job):
            writer.value("checkpointed")
            writer.member("job", job)
        case .deferred(let deferral):
            writer.value("deferred")
            writer.member("key", deferral.key.description)
            writer.member("function", deferral.function)
            writer.member("input", deferral.input.json)
            if let meta = deferral.meta { writer.member("meta", meta) }
        case .deferAborted(let key):
            writer.value("deferAborted")
            writer.member("key", key.description)
        case .annotated(let annotation):
            writer.value("annotated")
            writer.member("scope", annotation.target.scope)
            if let step = annotation.target.step { writer.member("step", step.description) }
            switch annotation.target {
            case .run, .step: break
            case .attempt(_, let attempt): writer.member("attempt", attempt)
            case .span(_, let attempt, let span):
                writer.member("attempt", attempt)
                writer.member("span", span)
            }
            writer.member("metadata_kind", annotation.update.kind)
            writer.member("op", String(describing: annotation.update.operation))
            writer.member("values", annotation.update.values)
        case .stepDescribed(let description):
            writer.value("stepDescribed")
            writer.member("step", description.step.description)
            if !description.type.isEmpty { writer.member("type", description.type) }
            if let input = description.input { writer.member("input", input.json) }
        case .leftOut(let key, let reason):
            writer.value("leftOut")
            writer.member("key", key.description)
            writer.member("reason", reason)
        case .gateway(let call):
            writer.value("gateway")
            write(call, to: &writer)
        case .endpoint(let terms):
            writer.value("endpoint")
            writer.member("version", terms.version)
            writer.member("retries", terms.retries)
        case .hosted(let job, let until):
            writer.value("hosted")
            writer.member("job", job)
            writer.member("until", until.milliseconds)
        }
        writer.endObject()
    }

    private static func write(_ call: GatewayCall, to writer: inout JSONWriter) {
        writer.member("job", call.job)
        if let version = call.version { writer.member("version", version) }
        writer.key("requests")
        writer.array(call.requests) { request, writer in
            writer.beginObject()
            writer.member("step", request.step.description)
            writer.member("name", request.label.name)
            writer.member("step_kind", String(describing: request.label.kind))
            writer.member("host", request.host)
            writer.member("input", request.input.json)
            writer.endObject()
        }
    }

    private static func write(_ flow: RunFlow, to writer: inout JSONWriter) {
        writer.member("priority", flow.priority.seconds)
        writer.key("concurrency")
        writer.beginArray()
        for key in flow.keys.calls { writer.value(key.text) }
        writer.endArray()
        if let key = flow.keys.runs { writer.member("concurrency_fn", key.text) }
        if let key = flow.keys.throttle { writer.member("throttle", key.text) }
        if let key = flow.singleton { writer.member("singleton", key.text) }
    }

    private static func write(_ listener: Listener, to writer: inout JSONWriter) {
        writer.member("listener", listener.number)
        switch listener.purpose {
        case .event: writer.member("purpose", "event")
        case .signal: writer.member("purpose", "signal")
        case .cancellation: writer.member("purpose", "cancellation")
        }
        if let step = listener.step { writer.member("step", step.description) }
        writer.member("name", listener.name)
        if let condition = listener.condition { writer.member("if", condition) }
        writer.member("since", listener.since.milliseconds)
        writer.member("until", listener.until.milliseconds)
    }

    private static func write(_ job: Job, to writer: inout JSONWriter) {
        writer.member("job", job.number)
        writer.member("due", job.wakeTime.milliseconds)
        switch job.kind {
        case .discovery: writer.member("job_kind", "discovery")
        case .target: writer.member("job_kind", "target")
        case .sleep: writer.member("job_kind", "sleep")
        case .deadline: writer.member("job_kind", "deadline")
        }
        if let step = job.step { writer.member("step", step.description) }
    }
}
