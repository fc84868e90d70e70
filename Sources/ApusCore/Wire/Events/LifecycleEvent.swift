/// The events that tell how a run ended.
///
/// They travel like any other event, so they start failure handlers, and carry the result of an
/// invoked run back to its parent.
public enum LifecycleEvent {
    /// The event of every run that ends.
    public static let finishedName = "inngest/function.finished"
    /// The event of a run that fails; its id is the run's.
    public static let failedName = "inngest/function.failed"
    /// The event of a run that is cancelled; its id is the run's.
    public static let cancelledName = "inngest/function.cancelled"

    /// How a run ended, by the name that stands in `_inngest.status`.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        case completed = "Completed"
        case failed = "Failed"
        case cancelled = "Cancelled"
    }

    /// The `data` of all three events.
    ///
    /// - Parameters:
    ///   - functionSlug: `<app>-<function>`.
    ///   - events: the stored bodies of the events that started the run, in order of arrival.
    ///   - result: the function's output, or the app's error body; `nil` when there was none.
    ///   - error: the envelope of a failed run; see ``FailureEnvelope``.
    ///   - correlation: `<parent run>.<step>` when a step invoked the run.
    public static func data(
        functionSlug: String,
        runID: ULID,
        events: [RawJSON],
        status: Status,
        result: RawJSON? = nil,
        error: RawJSON? = nil,
        correlation: String? = nil
    ) -> RawJSON {
        let size = events.reduce(result?.bytes.count ?? 0) { $0 + $1.bytes.count }
        var writer = JSONWriter(reserving: size + (events.first?.bytes.count ?? 0) + 512)
        writer.beginObject()
        writer.key("_inngest")
        writer.beginObject()
        writer.key("status")
        writer.value(status.rawValue)
        writer.endObject()
        if let correlation {
            writer.key("correlation_id")
            writer.value(correlation)
        }
        if let error {
            writer.key("error")
            writer.raw(error)
        }
        writer.key("event")
        writer.raw(events.first ?? .emptyObject)
        writer.key("events")
        writer.beginArray()
        for event in events {
            writer.raw(event.removing("user") { $0.slice.elementsEqual("{}".utf8) })
        }
        writer.endArray()
        writer.key("function_id")
        writer.value(functionSlug)
        if let result {
            writer.key("result")
            writer.raw(result)
        }
        writer.key("run_id")
        writer.value(runID)
        writer.endObject()
        return writer.finish()
    }

    /// The `meta` that the events inherit from the stored body of the event that started the run.
    public static func meta(of event: RawJSON) -> RawJSON? {
        guard let meta = event.view["meta"], meta.kind == .object else { return nil }
        return meta.raw
    }
}
