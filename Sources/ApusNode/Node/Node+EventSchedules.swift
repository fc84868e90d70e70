import ApusCore
import ApusEngine
import ApusStore

/// Schedules that send an event.
extension Node {
    /// Has the shard that owns a schedule carry out an order, and waits until that is durable.
    package func carryOut(
        _ order: EventScheduleOrder, by actor: String
    ) async throws(NodeError) -> EventScheduleAnswer {
        try intake.enter(bytes: order.byteCount)
        defer { intake.leave(bytes: order.byteCount) }
        let home = ShardCore.home(of: order.key, shardCount: store.shardCount)
        guard case .eventSchedule(let answer) = try await submit(.eventSchedule(order, by: actor), to: home) else {
            throw .rejected("the order was not understood")
        }
        return answer
    }

    /// An event schedule with its event and its next tick.
    package func eventSchedule(_ id: UUID16) async throws(StoreError) -> EventScheduleView? {
        let count = store.shardCount
        return try await read { reader throws(StoreError) in
            guard let found = try reader.eventSchedule(id) else { return nil }
            return EventScheduleView(found.schedule, found.event, try reader.tickCursors(), shardCount: count)
        }
    }

    /// Event schedules in the order of their ids, without their events.
    package func eventSchedules(after id: UUID16?, limit: Int) async throws(StoreError) -> [EventScheduleView] {
        let count = store.shardCount
        return try await read { reader throws(StoreError) in
            // In this order, so that no tick that has come is shown as one to come.
            let schedules = try reader.eventSchedules(after: id, limit: limit)
            let cursors = try reader.tickCursors()
            return schedules.map { EventScheduleView($0, nil, cursors, shardCount: count) }
        }
    }

    /// A name for a schedule that was given none.
    package func newScheduleName() -> String {
        SplitMix64.drawnULID(at: clock.now()).description
    }
}

/// An event schedule, for people.
package struct EventScheduleView: Sendable {
    package var schedule: EventSchedule
    package var event: EventTemplate?
    package var nextTick: Timestamp?

    init(_ schedule: EventSchedule, _ event: EventTemplate?, _ cursors: [ShardID: Tick], shardCount: Int) {
        let home = ShardCore.home(of: schedule.key, shardCount: shardCount)
        self.init(schedule, event, cursor: cursors[home] ?? .none)
    }

    package init(_ schedule: EventSchedule, _ event: EventTemplate?, cursor: Tick = .none) {
        self.schedule = schedule
        self.event = event
        nextTick = schedule.nextTick(after: cursor)
    }
}

extension EventScheduleOrder {
    fileprivate var key: EventScheduleKey {
        switch self {
        case .put(let draft, _): draft.key
        case .change(let key, _), .remove(let key), .run(let key, _): key
        }
    }

    fileprivate var byteCount: Int {
        switch self {
        case .put(let draft, _): draft.event.data.bytes.count + draft.event.user.bytes.count + 512
        case .run(_, let event): event.data.bytes.count + event.user.bytes.count + 512
        case .change, .remove: 256
        }
    }
}
