import ApusCore
import ApusCron

/// Which of the ticks of a schedule that have come happen, when the first of them is late.
enum MissedTicks: Hashable {
    /// This one is the next that does.
    case goOn(at: Timestamp)
    /// None does; the newest was this one.
    case leftOut(upTo: Timestamp)

    /// From this lateness on a tick counts as missed.
    static let patience = TimeSpan.minutes(1)

    /// - Parameters:
    ///   - tick: the first that has come.
    ///   - limit: how many are made up for at most, where all are.
    init(_ schedule: CronSchedule, from tick: Timestamp, until now: Timestamp, _ policy: CatchUp, atMost limit: Int) {
        // A minute is the shortest distance between two ticks: one that is not as late as that is the newest.
        guard now - tick >= Self.patience else {
            self = .goOn(at: tick)
            return
        }
        switch policy {
        case .all: self = .goOn(at: Self.newest(limit, schedule, from: tick, until: now))
        case .latest: self = .goOn(at: Self.newest(1, schedule, from: tick, until: now))
        case .skip:
            let newest = Self.newest(1, schedule, from: tick, until: now)
            self = now - newest < Self.patience ? .goOn(at: newest) : .leftOut(upTo: newest)
        }
    }

    /// The first of the newest ticks that have come.
    private static func newest(
        _ count: Int, _ schedule: CronSchedule, from first: Timestamp, until now: Timestamp
    ) -> Timestamp {
        guard now - first >= .minutes(count) else { return first }
        var tick = schedule.previous(before: now.milliseconds + 1)
        for _ in 1..<max(count, 1) {
            guard let time = tick, let earlier = schedule.previous(before: time) else { break }
            tick = earlier
        }
        return tick.map { max(first, Timestamp(milliseconds: $0)) } ?? first
    }
}
