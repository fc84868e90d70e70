import ApusCore
import HeapModule

/// Events that will start one run together, or the last of which will: a debounce or an open batch.
package struct Pending: Hashable, Sendable {
    /// The id that the run will have.
    package var run: ULID
    package var function: UUID16
    package var rule: Rule
    package var key: FlowKey
    package var openedAt: Timestamp
    package var firesAt: Timestamp
    /// In order of arrival; of a debounce only the last.
    package var events: [Member]
    /// The `ts` of a debounce's event.
    package var eventTime: Timestamp
    /// Bytes of the events.
    package var bytes: Int
    /// Takes no more events; its run is about to start.
    package var isClosed = false

    package enum Rule: UInt8, Hashable, Sendable {
        case debounce = 0
        case batch = 1
    }

    /// An event, and who waits for what becomes of it.
    package struct Member: Hashable, Sendable {
        package var event: RowID
        package var invoker: Invoker?

        package init(event: RowID, invoker: Invoker? = nil) {
            self.event = event
            self.invoker = invoker
        }
    }

    package init(
        run: ULID, function: UUID16, rule: Rule, key: FlowKey, openedAt: Timestamp, firesAt: Timestamp,
        events: [Member], eventTime: Timestamp, bytes: Int, isClosed: Bool = false
    ) {
        self.run = run
        self.function = function
        self.rule = rule
        self.key = key
        self.openedAt = openedAt
        self.firesAt = firesAt
        self.events = events
        self.eventTime = eventTime
        self.bytes = bytes
        self.isClosed = isClosed
    }
}

/// All debounces and batches of a shard, with the times at which they fire.
struct Pendings {
    private(set) var all: [ULID: Pending] = [:]
    private var open: [LimitKey: ULID] = [:]
    private var alarms = Heap<Alarm>()
    /// Those whose events are being read, with the events.
    private var firing: [ULID: [Pending.Member]] = [:]

    private struct Alarm: Comparable {
        var at: Timestamp
        var run: ULID

        static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.run) < (right.at, right.run) }
    }

    init(_ pendings: [Pending]) {
        for pending in pendings { put(pending) }
    }

    var count: Int { all.count }
    /// When the next one may fire.
    var nextAlarm: Timestamp? { alarms.min?.at }

    subscript(key: LimitKey) -> Pending? { open[key].flatMap { all[$0] } }

    subscript(run: ULID) -> Pending? { all[run] }

    mutating func put(_ pending: Pending) {
        let known = all.updateValue(pending, forKey: pending.run)
        if !pending.isClosed {
            open[pending.key.key] = pending.run
        } else if open[pending.key.key] == pending.run {
            open[pending.key.key] = nil
        }
        // One that was put off is armed again when its old time has come.
        if known.map({ pending.firesAt < $0.firesAt }) ?? true {
            alarms.insert(Alarm(at: pending.firesAt, run: pending.run))
        }
    }

    mutating func join(_ member: Pending.Member, bytes: Int, to run: ULID) {
        all[run]?.events.append(member)
        all[run]?.bytes += bytes
    }

    mutating func remove(_ run: ULID) {
        guard let pending = all.removeValue(forKey: run) else { return }
        if open[pending.key.key] == run { open[pending.key.key] = nil }
        firing[run] = nil
    }

    /// The next one whose time has come and whose events are not being read already.
    mutating func takeDue(now: Timestamp) -> Pending? {
        while let alarm = alarms.min, alarm.at <= now {
            alarms.removeMin()
            guard let pending = all[alarm.run], firing[alarm.run] == nil else { continue }
            guard pending.firesAt <= now else {
                alarms.insert(Alarm(at: pending.firesAt, run: alarm.run))
                continue
            }
            firing[alarm.run] = pending.events
            return pending
        }
        return nil
    }

    /// The events of one that were asked for have been read.
    /// - Returns: `nil` when it has been put off or has changed meanwhile; it is due again then.
    mutating func takeRead(_ run: ULID, now: Timestamp) -> Pending? {
        guard let asked = firing.removeValue(forKey: run), let pending = all[run] else { return nil }
        guard pending.firesAt <= now, pending.events == asked else {
            alarms.insert(Alarm(at: pending.firesAt, run: run))
            return nil
        }
        remove(run)
        return pending
    }
}
