import ApusCore
import ApusCron
import HeapModule

/// Names a schedule: one function may have several, each with an expression of its own.
package struct ScheduleKey: Hashable, Comparable, Sendable {
    package var function: UUID16
    /// As it was registered.
    package var expression: String

    package init(function: UUID16, expression: String) {
        self.function = function
        self.expression = expression
    }

    /// Stays the same for as long as the expression does: version 5, from function and expression.
    package var id: UUID16 { .v5(namespace: function, name: expression) }

    package static func < (left: ScheduleKey, right: ScheduleKey) -> Bool {
        (left.function, left.expression) < (right.function, right.expression)
    }
}

/// A schedule that is kept: everything until `last` has been dealt with.
package struct ScheduleRow: Hashable, Sendable {
    package var key: ScheduleKey
    /// The newest tick, or when the schedule was first registered or resumed.
    package var last: Timestamp
    package var settings: ScheduleSettings

    package init(key: ScheduleKey, last: Timestamp, settings: ScheduleSettings = ScheduleSettings()) {
        self.key = key
        self.last = last
        self.settings = settings
    }
}

/// The schedules of all functions with their next ticks.
struct Schedules {
    private(set) var rows: [ScheduleKey: ScheduleRow] = [:]
    private var next: [ScheduleKey: Timestamp] = [:]
    /// Every next tick, and such as were replaced since.
    private var ticks = Heap<Tick>()
    private var compiled: [String: CronSchedule] = [:]

    struct Tick: Comparable {
        var at: Timestamp
        var key: ScheduleKey

        static func < (left: Tick, right: Tick) -> Bool {
            (left.at, left.key) < (right.at, right.key)
        }
    }

    init(_ rows: [ScheduleRow]) {
        for row in rows { set(row) }
    }

    /// The first tick of any.
    var first: Tick? { ticks.min }

    /// When a schedule's next tick is.
    func next(of key: ScheduleKey) -> Timestamp? { next[key] }

    /// The newest tick that has come; `nil` before the first, and when it was left out.
    mutating func lastTick(of key: ScheduleKey) -> Timestamp? {
        guard let last = rows[key]?.last, let schedule = schedule(key.expression),
            schedule.next(after: last.milliseconds - 1) == last.milliseconds
        else { return nil }
        return last
    }

    mutating func set(_ row: ScheduleRow) {
        let known = next[row.key]
        rows[row.key] = row
        next[row.key] =
            row.settings.pausedAt == nil
            ? schedule(row.key.expression)?.next(after: row.last.milliseconds).map(Timestamp.init(milliseconds:)) : nil
        if let tick = next[row.key], tick != known { ticks.insert(Tick(at: tick, key: row.key)) }
        dropReplacedTicks()
    }

    mutating func remove(_ key: ScheduleKey) {
        rows[key] = nil
        next[key] = nil
        dropReplacedTicks()
    }

    private mutating func dropReplacedTicks() {
        while let first = ticks.min, next[first.key] != first.at { ticks.removeMin() }
    }

    /// Where catching up begins, when more ticks were missed than are made up for.
    mutating func firstTick(of key: ScheduleKey, until now: Timestamp, atMost limit: Int) -> Timestamp? {
        guard let schedule = schedule(key.expression) else { return nil }
        var tick = schedule.previous(before: now.milliseconds + 1)
        for _ in 1..<max(limit, 1) {
            guard let time = tick, let earlier = schedule.previous(before: time) else { break }
            tick = earlier
        }
        return tick.map(Timestamp.init(milliseconds:))
    }

    /// What an earlier release has accepted and this one does not understand never fires.
    private mutating func schedule(_ text: String) -> CronSchedule? {
        if let known = compiled[text] { return known }
        guard let schedule = try? CronSchedule(text) else { return nil }
        compiled[text] = schedule
        return schedule
    }
}
