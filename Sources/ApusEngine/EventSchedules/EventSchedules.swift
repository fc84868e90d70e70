import ApusCore
import ApusCron
import DequeModule
import HeapModule

/// The event schedules of a shard, by their next ticks.
///
/// Of each only a few numbers are here. The events of ticks that come soon are read ahead, so that they can be
/// sent when the time has come; a tick whose event has not been read holds up those after it, because one
/// cursor says of all of them how far they have been dealt with.
struct EventSchedules {
    /// All ticks up to this one have been dealt with.
    private(set) var cursor: Tick
    private var slots: [UUID16: Slot] = [:]
    private var crons = CronTable()
    /// Of schedules that make up for many ticks: up to when has been decided which of them.
    private var decided: [UUID16: Timestamp] = [:]
    /// The next ticks of all schedules except those that come soon, and such as were replaced since.
    private var later = Heap<Tick>()
    /// The first ticks in their order, all of them before those in `later`.
    private var soon: Deque<Soon> = []
    /// Bytes of the events in `soon`.
    private var bytes = 0
    /// Ticks in `soon` whose events have to be read.
    private var unread = 0
    private var reads: UInt64 = 0
    private var isReading = false
    private let bounds: Bounds

    /// What may be read ahead.
    struct Bounds {
        var span = TimeSpan.milliseconds(1_500)
        /// Schedules of one read.
        var page = 1_000
        var ticks = 20_000
        var bytes = 8 << 20
        /// Ticks of a schedule that are made up for at most.
        var missed = 100
    }

    /// What is known of a schedule; there may be a million of them.
    private struct Slot {
        /// The next tick; of one that fires once and is paused the time that it has.
        var next: Timestamp
        var digest: UInt64
        /// Of a recurring schedule; see ``CronTable``.
        var cron: UInt32
        var catchUp: CatchUp
        var isPaused: Bool

        static let once = UInt32.max
        static let never = Timestamp(milliseconds: .max)
    }

    private struct Soon {
        var tick: Tick
        var event = Event.unread

        enum Event {
            case unread
            /// With the number of the read.
            case reading(UInt64)
            case ready(SettledEvent)
            /// The store does not have it.
            case missing
        }
    }

    init(_ stored: StoredEventSchedules, bounds: Bounds = Bounds()) {
        self.bounds = bounds
        cursor = stored.cursor
        slots.reserveCapacity(stored.entries.count)
        var ticks: [Tick] = []
        ticks.reserveCapacity(stored.entries.count)
        for entry in stored.entries {
            let state = entry.state
            var slot = Slot(
                next: Slot.never, digest: entry.digest, cron: Slot.once, catchUp: state.catchUp,
                isPaused: state.pausedAt != nil
            )
            switch entry.timing {
            case .cron(let expression):
                slot.cron = crons.take(expression)
                let schedule = slot.isPaused ? nil : crons[slot.cron]
                slot.next = schedule?.firstTick(of: entry.id, since: state.since, after: cursor) ?? Slot.never
            case .at(let time):
                slot.next = slot.isPaused ? time : state.due ?? Slot.never
            }
            slots[entry.id] = slot
            if !slot.isPaused, slot.next != Slot.never { ticks.append(Tick(at: slot.next, schedule: entry.id)) }
        }
        later = Heap(ticks)
    }

    var count: Int { slots.count }

    /// Expressions that differ.
    var expressionCount: Int { crons.count }

    /// Ticks that are held, also those that were replaced.
    var heldTicks: Int { later.count + soon.count }

    func contains(_ id: UUID16) -> Bool { slots[id] != nil }

    func isPaused(_ id: UUID16) -> Bool { slots[id]?.isPaused ?? false }

    func catchUp(of id: UUID16) -> CatchUp? { slots[id]?.catchUp }

    /// Whether a schedule fires just once.
    func isOnce(_ id: UUID16) -> Bool { slots[id]?.cron == Slot.once }

    func digest(of id: UUID16) -> UInt64? { slots[id]?.digest }

    /// The next tick; `nil` when none will come.
    func next(of id: UUID16) -> Timestamp? {
        guard let slot = slots[id], !slot.isPaused, slot.next != Slot.never else { return nil }
        return slot.next
    }

    func hasExpression(_ expression: String, _ id: UUID16) -> Bool {
        slots[id].map { crons.contains(expression, as: $0.cron) } ?? false
    }

    // MARK: - Changes

    /// Begins or replaces a schedule.
    mutating func set(_ schedule: EventSchedule) {
        let id = schedule.key.id
        decided[id] = nil
        let state = schedule.state
        withdraw(id)
        let old = slots[id]
        var slot = Slot(
            next: Slot.never, digest: schedule.digest, cron: Slot.once, catchUp: state.catchUp,
            isPaused: state.pausedAt != nil
        )
        switch schedule.timing {
        case .cron(let expression):
            slot.cron = crons.take(expression)
            slot.next = slot.isPaused ? Slot.never : first(id, slot, since: state.since)
        case .at(let time):
            slot.next = slot.isPaused ? time : state.due ?? Slot.never
        }
        if let old, old.cron != Slot.once { crons.giveBack(old.cron) }
        put(id, slot)
    }

    mutating func remove(_ id: UUID16) {
        withdraw(id)
        decided[id] = nil
        if let slot = slots.removeValue(forKey: id), slot.cron != Slot.once { crons.giveBack(slot.cron) }
        dropReplacedTicks()
    }

    mutating func setCatchUp(_ policy: CatchUp, of id: UUID16) {
        slots[id]?.catchUp = policy
        decided[id] = nil
    }

    mutating func pause(_ id: UUID16) {
        guard var slot = slots[id], !slot.isPaused else { return }
        withdraw(id)
        decided[id] = nil
        slot.isPaused = true
        put(id, slot)
    }

    /// - Returns: the tick of one that fires once and has not missed it.
    mutating func resume(_ id: UUID16, now: Timestamp) -> Timestamp? {
        guard var slot = slots[id], slot.isPaused else { return nil }
        slot.isPaused = false
        if slot.cron == Slot.once {
            if slot.next <= now { slot.next = Slot.never }
        } else {
            slot.next = first(id, slot, since: now)
        }
        put(id, slot)
        return slot.cron == Slot.once && slot.next != Slot.never ? slot.next : nil
    }

    private func first(_ id: UUID16, _ slot: Slot, since: Timestamp) -> Timestamp {
        crons[slot.cron]?.firstTick(of: id, since: since, after: cursor) ?? Slot.never
    }

    private mutating func put(_ id: UUID16, _ slot: Slot) {
        slots[id] = slot
        guard !slot.isPaused, slot.next != Slot.never else { return dropReplacedTicks() }
        let tick = Tick(at: slot.next, schedule: id)
        if let last = soon.last, tick <= last.tick {
            soon.insert(Soon(tick: tick), at: place(of: tick))
            unread += 1
        } else {
            later.insert(tick)
        }
        dropReplacedTicks()
    }

    /// Takes a schedule's tick out of those that come soon.
    private mutating func withdraw(_ id: UUID16) {
        guard let slot = slots[id], !slot.isPaused, slot.next != Slot.never else { return }
        let tick = Tick(at: slot.next, schedule: id)
        let index = place(of: tick)
        guard index < soon.count, soon[index].tick == tick else { return }
        forget(soon.remove(at: index))
    }

    private mutating func forget(_ place: Soon) {
        switch place.event {
        case .unread: unread -= 1
        case .ready(let event): bytes -= event.byteCount
        case .reading, .missing: break
        }
    }

    /// The index in `soon` of the first tick that is not before this one.
    private func place(of tick: Tick) -> Int {
        var low = 0
        var high = soon.count
        while low < high {
            let middle = (low + high) / 2
            if soon[middle].tick < tick { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func isCurrent(_ tick: Tick) -> Bool {
        guard let slot = slots[tick.schedule] else { return false }
        return slot.next == tick.at && !slot.isPaused && tick > cursor
    }

    private mutating func dropReplacedTicks() {
        while let first = later.min, !isCurrent(first) { later.removeMin() }
        guard later.count > 2 * slots.count + 1_000 else { return }
        let last = soon.last?.tick ?? .none
        later = Heap(
            slots.lazy.filter { !$0.value.isPaused && $0.value.next != Slot.never }
                .map { Tick(at: $0.value.next, schedule: $0.key) }
                .filter { $0 > last }
        )
    }

    // MARK: - Time

    /// A tick whose time has come, with its event.
    struct Due {
        var tick: Tick
        var event: SettledEvent
    }

    /// Takes the first tick, if its time has come and its event is there.
    mutating func takeDue(now: Timestamp) -> Due? {
        while let first = soon.first, first.tick.at <= now {
            guard isCurrent(first.tick), var slot = slots[first.tick.schedule] else {
                forget(soon.removeFirst())
                continue
            }
            if let next = makeUp(first.tick, slot, now: now) {
                forget(soon.removeFirst())
                slot.next = next
                put(first.tick.schedule, slot)
                continue
            }
            let event: SettledEvent?
            switch first.event {
            case .unread, .reading: return nil
            case .ready(let found): event = found
            case .missing: event = nil
            }
            forget(soon.removeFirst())
            pass(first.tick, slot, now: now)
            if let event { return Due(tick: first.tick, event: event) }
        }
        return nil
    }

    /// The tick is dealt with, and the schedule goes on to the next.
    private mutating func pass(_ tick: Tick, _ slot: Slot, now: Timestamp) {
        cursor = tick
        guard slot.cron != Slot.once else {
            slots[tick.schedule] = nil
            return dropReplacedTicks()
        }
        var slot = slot
        slot.next = first(tick.schedule, slot, since: tick.at)
        if let time = decided[tick.schedule], slot.next > time { decided[tick.schedule] = nil }
        put(tick.schedule, slot)
    }

    /// - Returns: where the schedule goes on, when this tick is one of those that are not made up for.
    private mutating func makeUp(_ tick: Tick, _ slot: Slot, now: Timestamp) -> Timestamp? {
        guard slot.cron != Slot.once, now - tick.at >= MissedTicks.patience,
            let schedule = crons[slot.cron]
        else { return nil }
        if let time = decided[tick.schedule], tick.at <= time { return nil }
        let verdict = MissedTicks(schedule, from: tick.at, until: now, slot.catchUp, atMost: bounds.missed)
        // Looking for the newest ones again and again would take longer than the ticks themselves.
        decided[tick.schedule] = slot.catchUp == .all ? now : nil
        switch verdict {
        case .goOn(tick.at): return nil
        case .goOn(let newest): return newest
        case .leftOut(let newest):
            return schedule.next(after: newest.milliseconds).map(Timestamp.init(milliseconds:)) ?? Slot.never
        }
    }

    /// When something has to be done; `nil` when only something else can change that.
    func nextWake(now: Timestamp) -> Timestamp? {
        var next: Timestamp?
        if let first = soon.first {
            switch first.event {
            case .ready, .missing: next = first.tick.at
            case .unread: next = isReading ? nil : now
            case .reading: break
            }
        }
        if !isReading, hasRoom, let first = later.min {
            let begin = first.at - bounds.span
            next = next.map { min($0, begin) } ?? begin
        }
        return next
    }

    // MARK: - Reading ahead

    private var hasRoom: Bool { soon.count < bounds.ticks && bytes < bounds.bytes }

    /// The events to be read now; come back with ``receive(_:read:)``.
    mutating func beginReading(now: Timestamp) -> (schedules: [UUID16], number: UInt64)? {
        guard !isReading else { return nil }
        var schedules: [UUID16] = []
        // Whatever takes the room, the first tick must not wait for it.
        let isBlocked = if case .unread? = soon.first?.event { true } else { false }
        guard hasRoom || isBlocked else { return nil }
        reads += 1
        var index = 0
        while unread > 0, schedules.count < bounds.page, index < soon.count {
            if case .unread = soon[index].event {
                soon[index].event = .reading(reads)
                unread -= 1
                schedules.append(soon[index].tick.schedule)
            }
            index += 1
        }
        var budget = bounds.page
        while budget > 0, schedules.count < bounds.page, hasRoom, let first = later.min,
            first.at <= now + bounds.span
        {
            budget -= 1
            later.removeMin()
            defer { dropReplacedTicks() }
            guard isCurrent(first), first != soon.last?.tick, var slot = slots[first.schedule] else { continue }
            if let next = makeUp(first, slot, now: now) {
                slot.next = next
                put(first.schedule, slot)
                continue
            }
            soon.append(Soon(tick: first, event: .reading(reads)))
            schedules.append(first.schedule)
        }
        guard !schedules.isEmpty else { return nil }
        isReading = true
        return (schedules, reads)
    }

    /// Takes the events that were read. Those of schedules that have changed meanwhile are read again.
    mutating func receive(_ page: TemplatePage, of schedules: [UUID16], read: UInt64) {
        guard isReading, read == reads else { return }
        isReading = false
        let looked = Set(schedules.prefix(page.count))
        for index in soon.indices {
            guard case .reading(read) = soon[index].event else { continue }
            let tick = soon[index].tick
            let id = tick.schedule
            if let template = page.found[id] {
                let event = SettledEvent(template.event.event(of: template.schedule, at: tick.at), at: tick.at)
                soon[index].event = .ready(event)
                bytes += event.byteCount
            } else if looked.contains(id) {
                soon[index].event = .missing
            } else {
                soon[index].event = .unread
                unread += 1
            }
        }
    }
}
