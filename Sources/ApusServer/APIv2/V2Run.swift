import ApusCore
import ApusEngine
import ApusStore

/// A run as the v2 API shows it.
struct V2Run: Sendable {
    var run: StoredRun
    var events: [ULID]
    var origin: RunCause

    /// Reads what the runs themselves do not say of their triggers: the events of batches, cron expressions.
    static func read(
        _ runs: [StoredRun], _ registry: Registry, _ reader: any StoreReader
    ) throws(StoreError) -> [V2Run] {
        var found: [V2Run] = []
        for run in runs {
            var shown = V2Run(run: run, events: [run.eventID], origin: try RunCause.read(run, registry, reader))
            if shown.origin.batch != nil, let detail = try RunDetail.read(run.id, reader) {
                shown.events = try detail.events(reader).map(\.id)
            }
            found.append(shown)
        }
        return found
    }

    func write(hasOutput: Bool, _ registry: Registry, to writer: inout JSONWriter) {
        let function = registry.functions[run.function]
        let app = function.flatMap { registry.apps[$0.app] }
        writer.object { writer in
            writer.member("id", run.id)
            writer.key("function")
            writer.object { writer in
                writer.member("id", V2Names.short(run.functionSlug, of: app))
                writer.present("name", function?.configuration.name)
            }
            writer.key("app")
            writer.object { $0.present("id", app?.name) }
            writer.member("status", RunState(run.projection).name.uppercased())
            writer.member("queuedAt", run.createdAt)
            writer.present("startedAt", run.projection.startedAt)
            writer.present("endedAt", run.projection.endedAt)
            if let started = run.projection.startedAt, let ended = run.projection.endedAt, ended > started {
                writer.member("durationMs", String(ended.milliseconds - started.milliseconds))
            }
            writer.key("trigger")
            writer.object { writer in
                writer.present("eventIds", events) { $1.value($0) }
                writer.present("isBatch", origin.batch != nil)
                if let batch = origin.batch { writer.member("batchId", batch) }
                writer.present("cronSchedule", origin.cron)
            }
            if hasOutput, let output = run.end.flatMap(Self.output) { writer.wrapped("output", output) }
        }
    }

    private static func output(of end: RunEnd) -> RawJSON? {
        switch end.status {
        case .completed: end.output?.json ?? .null
        case .failed: end.output?.json
        case .cancelled, .running: nil
        }
    }
}

/// A trace as the v2 API shows it.
enum V2Trace {
    static func write(
        _ detail: RunDetail, _ events: [StoredEvent], hasOutput: Bool, to writer: inout JSONWriter
    ) {
        let root = TraceSpan(detail, name: "Run")
        writer.object { writer in
            writer.member("runId", detail.run.id)
            writer.key("rootSpan")
            write(root, detail, hasOutput: hasOutput, input: hasOutput ? events : [], to: &writer)
        }
    }

    private static func write(
        _ span: TraceSpan, _ detail: RunDetail, hasOutput: Bool, input: [StoredEvent] = [],
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.member("id", span.id)
            writer.member("name", span.name)
            writer.member("status", (span.status == .queued ? .running : span.status).rawValue)
            writer.present("stepOp", span.stepOp)
            writer.present("stepId", span.stepID?.description)
            if let duration = span.milliseconds, duration > 0 { writer.member("durationMs", String(duration)) }
            writer.member("queuedAt", span.queuedAt)
            writer.present("startedAt", span.startedAt)
            writer.present("endedAt", span.endedAt)
            if hasOutput, case .step(let step) = span.kind, let input = step.input {
                writer.wrapped("input", input)
            } else if !input.isEmpty {
                writer.key("input")
                writer.object { writer in
                    writer.key("data")
                    writer.array(input) { $1.raw($0.body) }
                }
            }
            if hasOutput, let reference = span.output {
                switch SpanOutput.find(reference, in: detail) {
                case .result(let json): writer.wrapped("output", json ?? .null)
                case .error(let error): writer.wrapped("output", error)
                case nil: break
                }
            }
            if case .own(let own) = span.kind { writer.member("attributes", own.attributes) }
            writer.present("metadata", span.metadata) { entry, writer in
                writer.object { writer in
                    writer.member("scope", entry.target.scope)
                    writer.member("kind", entry.kind)
                    writer.key("values")
                    writer.object { writer in
                        // As text, which is all that protobuf's maps hold here.
                        for (key, value) in entry.values.view.members {
                            writer.member(key.string ?? "", String(decoding: value.slice, as: UTF8.self))
                        }
                    }
                    writer.member("updatedAt", entry.updatedAt)
                }
            }
            writer.present("children", span.children) { write($0, detail, hasOutput: hasOutput, to: &$1) }
        }
    }
}

/// Names as the v2 API gives them.
enum V2Names {
    /// A function's slug without its app's name.
    static func short(_ slug: String, of app: AppRecord?) -> String {
        guard let app, slug.hasPrefix("\(app.name)-") else { return slug }
        return String(slug.dropFirst(app.name.count + 1))
    }
}
