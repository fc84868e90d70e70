import ApusCore

/// A cron trigger with its ticks, for people.
package struct ScheduleView: Hashable, Sendable {
    package var key: ScheduleKey
    package var functionSlug: String
    package var jitter: String?
    /// `nil` before the first tick.
    package var lastTick: Timestamp?
    /// `nil` when no tick will come: the schedule is paused, or its dates are over.
    package var nextTick: Timestamp?
    package var settings: ScheduleSettings
    /// The run of the newest tick, for as long as it lives.
    package var run: TickRun?
    /// A tick that waits for that run's end.
    package var buffered: Timestamp?
    /// Whether the function is paused, so that ticks come but start nothing.
    package var isFunctionPaused: Bool

    package init(
        key: ScheduleKey, functionSlug: String, jitter: String? = nil, lastTick: Timestamp? = nil,
        nextTick: Timestamp? = nil, settings: ScheduleSettings = ScheduleSettings(), isFunctionPaused: Bool = false
    ) {
        self.key = key
        self.functionSlug = functionSlug
        self.jitter = jitter
        self.lastTick = lastTick
        self.nextTick = nextTick
        self.settings = settings
        self.isFunctionPaused = isFunctionPaused
    }
}

extension ShardCore {
    /// All schedules by function and expression; empty unless the shard owns the registry.
    package var scheduleViews: [ScheduleView] {
        schedules.rows.values.compactMap(view)
            .sorted { ($0.functionSlug, $0.key) < ($1.functionSlug, $1.key) }
    }

    private func view(of row: ScheduleRow) -> ScheduleView? {
        let key = row.key
        guard let function = registry.functions[key.function] else { return nil }
        var view = ScheduleView(key: key, functionSlug: function.configuration.slug)
        for case .cron(key.expression, let jitter) in function.configuration.triggers { view.jitter = jitter }
        view.lastTick = schedules.lastTick(of: key)
        view.nextTick = schedules.next(of: key)
        view.settings = row.settings
        view.run = row.run
        view.buffered = row.buffered
        view.isFunctionPaused = function.pausedAt != nil
        return view
    }
}
