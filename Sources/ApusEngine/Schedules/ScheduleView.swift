import ApusCore

/// A cron trigger with its ticks, for people.
package struct ScheduleView: Hashable, Sendable {
    package var key: ScheduleKey
    package var functionSlug: String
    package var jitter: String?
    /// `nil` before the first tick.
    package var lastTick: Timestamp?
    /// `nil` when no tick will come: the schedule's dates are over.
    package var nextTick: Timestamp?
    /// Whether ticks start nothing at the moment.
    package var isPaused: Bool

    package init(
        key: ScheduleKey, functionSlug: String, jitter: String? = nil, lastTick: Timestamp? = nil,
        nextTick: Timestamp? = nil, isPaused: Bool = false
    ) {
        self.key = key
        self.functionSlug = functionSlug
        self.jitter = jitter
        self.lastTick = lastTick
        self.nextTick = nextTick
        self.isPaused = isPaused
    }
}

extension ShardCore {
    /// All schedules by function and expression; empty unless the shard owns the registry.
    package var scheduleViews: [ScheduleView] {
        schedules.rows.keys.compactMap(view)
            .sorted { ($0.functionSlug, $0.key) < ($1.functionSlug, $1.key) }
    }

    private func view(of key: ScheduleKey) -> ScheduleView? {
        guard let function = registry.functions[key.function] else { return nil }
        var view = ScheduleView(key: key, functionSlug: function.configuration.slug)
        for case .cron(key.expression, let jitter) in function.configuration.triggers { view.jitter = jitter }
        view.lastTick = schedules.lastTick(of: key)
        view.nextTick = schedules.next(of: key)
        view.isPaused = function.pausedAt != nil
        return view
    }
}
