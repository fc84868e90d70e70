/// The event by which a run starts, when it ends, what it has deferred.
public enum DeferredEvent {
    /// The event's name.
    public static let name = "inngest/deferred.schedule"

    /// Where an event comes from, for the run that it starts.
    public struct Parent: Hashable, Sendable {
        /// The app of the run; `nil` when its function is not registered any more.
        public var app: UUID16?
        /// The function of the run.
        public var function: UUID16
        /// The function's slug.
        public var functionSlug: String
        /// The run that has ended.
        public var run: ULID

        /// Names a run.
        public init(app: UUID16?, function: UUID16, functionSlug: String, run: ULID) {
            self.app = app
            self.function = function
            self.functionSlug = functionSlug
            self.run = run
        }
    }

    /// The event's id, by which it is known from then on: one run defers one thing once.
    public static func id(run: ULID, step: StepID) -> String { "\(run).\(step)" }

    /// The input that the app gave, with where it comes from under `_inngest`.
    /// - Parameter input: a JSON object.
    public static func data(_ input: RawJSON, function: String, step: StepID, of parent: Parent) -> RawJSON {
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.key("fn_slug")
        writer.value(function)
        if let app = parent.app {
            writer.key("parent_app_id")
            writer.value(app)
        }
        writer.key("parent_defer_span")
        writer.value(step.description)
        writer.key("parent_fn_id")
        writer.value(parent.function)
        writer.key("parent_fn_slug")
        writer.value(parent.functionSlug)
        writer.key("parent_run_id")
        writer.value(parent.run)
        writer.endObject()
        return input.setting("_inngest", to: writer.finish())
    }
}
