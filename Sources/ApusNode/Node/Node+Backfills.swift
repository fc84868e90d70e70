import ApusCore
import ApusCron
import ApusEngine
import ApusStore

/// Ticks of the past that a function is to be run for.
extension Node {
    /// How often the ticks are computed again because somebody else was faster.
    private static let tries = 5

    /// What a backfill would start, if it were ordered now.
    /// - Parameter again: also ticks that have run already.
    /// - Returns: `nil` when the schedule is not registered any more.
    package func planBackfill(
        _ key: ScheduleKey, from: Timestamp, to: Timestamp, again: Bool
    ) async throws -> BackfillPlan? {
        guard let outlook = await outlook(of: key), let schedule = try? CronSchedule(key.expression) else { return nil }
        // What the shard does not hold for awaited any more has to be found in the store.
        try await settle()
        // What has come and was not dealt with yet is about to run by itself.
        let end = min(to, outlook.next ?? .distantFuture, clock.now() + .milliseconds(1))
        return try await read { reader throws(StoreError) in
            var (ticks, count) = Self.ticks(of: schedule, from, end)
            guard count <= Backfill.mostTicks else {
                return BackfillPlan(ticks: [], found: count, stamp: outlook.stamp)
            }
            count = ticks.count
            if !again {
                let keys = ticks.map { EventKey(tick: $0, of: key.function) }
                let past = Timestamp(milliseconds: .min)
                let known = try reader.functionsStarted(by: keys, since: past)
                ticks = zip(ticks, keys).filter { tick, eventKey in
                    !outlook.awaited.contains(tick) && known[eventKey]?.contains(key.function) != true
                }.map(\.0)
            }
            return BackfillPlan(ticks: ticks, found: count, stamp: outlook.stamp)
        }
    }

    /// The ticks, as far as one backfill may have them, and how many there are.
    private static func ticks(
        of schedule: CronSchedule, _ from: Timestamp, _ end: Timestamp
    ) -> (ticks: [Timestamp], count: Int) {
        var ticks: [Timestamp] = []
        var count = 0
        var next = from.milliseconds
        while count <= BackfillPlan.counted, next < end.milliseconds {
            let found = schedule.times(in: next..<end.milliseconds, limit: CronSchedule.maximumCount)
            guard let last = found.last else { break }
            if ticks.isEmpty { ticks = found.map(Timestamp.init(milliseconds:)) }
            count += found.count
            next = last + 1
        }
        return (ticks, count)
    }

    /// Orders a backfill; none is made when there is nothing to start.
    /// - Returns: the order with what it starts; `nil` when the schedule is not registered any more.
    package func backfill(
        _ schedule: ScheduleView, from: Timestamp, to: Timestamp, again: Bool, by actor: String
    ) async throws -> (order: Backfill?, plan: BackfillPlan)? {
        for _ in 0..<Self.tries {
            guard let plan = try await planBackfill(schedule.key, from: from, to: to, again: again) else { return nil }
            guard !plan.ticks.isEmpty else { return (nil, plan) }
            let order = Backfill(
                id: SplitMix64.drawnULID(at: clock.now()), key: schedule.key, functionSlug: schedule.functionSlug,
                from: from, to: to, ticks: plan.ticks.count, actor: actor, createdAt: clock.now()
            )
            switch try await submit(order, plan) {
            case .ordered: return (order, plan)
            case .unknown: return nil
            case .full:
                throw NodeError.unavailable("\(Backfill.mostOpen) backfills are under way, and there may be no more")
            case .outdated: continue
            }
        }
        throw NodeError.unavailable("other backfills were ordered at the same time")
    }

    private func submit(_ order: Backfill, _ plan: BackfillPlan) async throws(NodeError) -> BackfillAnswer {
        guard
            case .backfill(let answer) = try await submit(
                .backfill(OpenBackfill(order, ticks: plan.ticks), seen: plan.stamp), to: 0
            )
        else { throw .rejected("the backfill was not understood") }
        return answer
    }

    /// Starts nothing more of a backfill; one that has ended stays as it is.
    package func stopBackfill(_ id: ULID, by actor: String) async throws(NodeError) {
        _ = try await submit(.stopBackfill(id, by: actor), to: 0)
    }

    private func settle() async throws(NodeError) {
        _ = try await submit(.settle, to: 0)
    }
}

/// What a backfill starts.
package struct BackfillPlan: Sendable {
    /// Oldest first; none when `found` is more than one backfill may have.
    package var ticks: [Timestamp]
    /// How many the stretch has, also those that have run already.
    package var found: Int
    /// Of the outlook by which it was computed.
    var stamp: UInt64

    /// Ticks of a stretch that are counted at most.
    package static let counted = 100_000

    package var isCounted: Bool { found <= Self.counted }
    package var isTooMuch: Bool { found > Backfill.mostTicks }
    package var alreadyRun: Int { isTooMuch ? 0 : found - ticks.count }
}
