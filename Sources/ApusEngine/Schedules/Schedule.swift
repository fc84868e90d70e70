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
    /// The run of the newest tick that has started one, for as long as it lives.
    package var run: TickRun?
    /// A tick that waits for that run's end.
    package var buffered: Timestamp?

    package init(
        key: ScheduleKey, last: Timestamp, settings: ScheduleSettings = ScheduleSettings(), run: TickRun? = nil,
        buffered: Timestamp? = nil
    ) {
        self.key = key
        self.last = last
        self.settings = settings
        self.run = run
        self.buffered = buffered
    }
}

/// A run that a tick has started.
package struct TickRun: Hashable, Sendable {
    package var row: RowID
    package var id: ULID

    package init(row: RowID, id: ULID) {
        self.row = row
        self.id = id
    }
}

/// The schedules of all functions with their next ticks.
struct Schedules {
    private(set) var rows: [ScheduleKey: ScheduleRow] = [:]
    private var next: [ScheduleKey: Timestamp] = [:]
    /// Every next tick, and such as were replaced since.
    private var ticks = Heap<Tick>()
    private var compiled: [String: CronSchedule] = [:]
    /// The schedules whose newest run lives, by that run.
    private var byRun: [RowID: ScheduleKey] = [:]
    /// Schedules with a tick that has waited and waits for nothing any more.
    private var released: [ScheduleKey] = []

    struct Tick: Comparable {
        var at: Timestamp
        var key: ScheduleKey

        static func < (left: Tick, right: Tick) -> Bool {
            (left.at, left.key) < (right.at, right.key)
        }
    }

    init(_ rows: [ScheduleRow]) {
        for row in rows {
            set(row)
            if row.run == nil, row.buffered != nil { released.append(row.key) }
        }
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
        if let run = rows.updateValue(row, forKey: row.key)?.run { byRun[run.row] = nil }
        if let run = row.run { byRun[run.row] = row.key }
        next[row.key] =
            row.settings.pausedAt == nil
            ? schedule(row.key.expression)?.next(after: row.last.milliseconds).map(Timestamp.init(milliseconds:)) : nil
        if let tick = next[row.key], tick != known { ticks.insert(Tick(at: tick, key: row.key)) }
        dropReplacedTicks()
    }

    mutating func remove(_ key: ScheduleKey) {
        if let run = rows.removeValue(forKey: key)?.run { byRun[run.row] = nil }
        next[key] = nil
        dropReplacedTicks()
    }

    /// A run has ended, whether a tick has started it or not.
    mutating func runEnded(_ run: RowID) {
        guard let key = byRun.removeValue(forKey: run), var row = rows[key] else { return }
        // The store finds out by itself, when it is asked for what lives.
        row.run = nil
        rows[key] = row
        if row.buffered != nil { released.append(key) }
    }

    /// Whether the turn of a tick that has waited has come.
    var hasReleased: Bool { !released.isEmpty }

    /// The next schedule with such a tick.
    mutating func takeReleased() -> ScheduleKey? { released.popLast() }

    private mutating func dropReplacedTicks() {
        while let first = ticks.min, next[first.key] != first.at { ticks.removeMin() }
    }

    /// What becomes of a tick that has come and of those after it.
    mutating func missed(_ tick: Tick, until now: Timestamp, _ policy: CatchUp, atMost limit: Int) -> MissedTicks {
        guard let schedule = schedule(tick.key.expression) else { return .goOn(at: tick.at) }
        return MissedTicks(schedule, from: tick.at, until: now, policy, atMost: limit)
    }

    /// What an earlier release has accepted and this one does not understand never fires.
    private mutating func schedule(_ text: String) -> CronSchedule? {
        if let known = compiled[text] { return known }
        guard let schedule = try? CronSchedule(text) else { return nil }
        compiled[text] = schedule
        return schedule
    }
}
