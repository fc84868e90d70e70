import ApusCore
import ApusCron

/// A schedule that somebody has made, which sends an event at each tick; without the event itself.
package struct EventSchedule: Hashable, Sendable {
    package var key: EventScheduleKey
    package var timing: Timing
    package var eventName: String
    package var state: State
    /// Tells timings and events apart without reading them.
    package var digest: UInt64

    /// When an event is sent.
    package enum Timing: Hashable, Sendable {
        case cron(String)
        /// Once; a time that has passed means at once.
        case at(Timestamp)

        /// As it is shown.
        package var text: String {
            switch self {
            case .cron(let expression): expression
            case .at(let time): time.rfc3339
            }
        }
    }

    /// What changes while timing and event stay.
    package struct State: Hashable, Sendable {
        /// Ticks up to here are none of this schedule's.
        package var since: Timestamp
        /// The tick of a schedule that fires once; `nil` for all others, and when it will not come.
        package var due: Timestamp?
        package var pausedAt: Timestamp?
        package var catchUp: CatchUp

        package init(since: Timestamp, due: Timestamp? = nil, pausedAt: Timestamp? = nil, catchUp: CatchUp = .latest) {
            self.since = since
            self.due = due
            self.pausedAt = pausedAt
            self.catchUp = catchUp
        }
    }

    package init(
        key: EventScheduleKey, timing: Timing, eventName: String, state: State, digest: UInt64
    ) {
        self.key = key
        self.timing = timing
        self.eventName = eventName
        self.state = state
        self.digest = digest
    }

    /// The next tick; `nil` when none will come.
    /// - Parameter cursor: how far the ticks of its shard have come.
    package func nextTick(after cursor: Tick) -> Timestamp? {
        guard state.pausedAt == nil else { return nil }
        switch timing {
        case .at: return state.due
        case .cron(let expression):
            return (try? CronSchedule(expression))?.firstTick(of: key.id, since: state.since, after: cursor)
        }
    }
}

/// Names an event schedule. The id follows from the name.
package struct EventScheduleKey: Hashable, Sendable {
    package let name: String
    package let id: UUID16

    package init(name: String) {
        self.name = name
        id = .v5(namespace: Self.namespace, name: name)
    }

    /// Any UUID that nobody else uses.
    private static let namespace = UUID16(high: 0x6170_7573_7363_4864, low: 0x8000_7363_6865_6475)

    /// Bytes of a name.
    package static let longestName = 255
}

/// One moment of one schedule. The ticks of a shard are dealt with in this order.
package struct Tick: Hashable, Comparable, Sendable {
    package var at: Timestamp
    package var schedule: UUID16

    package init(at: Timestamp, schedule: UUID16) {
        self.at = at
        self.schedule = schedule
    }

    /// Before the first.
    package static let none = Tick(at: Timestamp(milliseconds: .min), schedule: .zero)

    package static func < (left: Tick, right: Tick) -> Bool {
        (left.at, left.schedule) < (right.at, right.schedule)
    }
}

extension CronSchedule {
    /// The first tick of a schedule that has neither come before it began nor been dealt with.
    func firstTick(of schedule: UUID16, since: Timestamp, after cursor: Tick) -> Timestamp? {
        // The cursor may stand before this schedule within its moment.
        let passed = schedule <= cursor.schedule ? cursor.at : cursor.at - .milliseconds(1)
        return next(after: max(since, passed).milliseconds).map(Timestamp.init(milliseconds:))
    }
}

/// What every event of a schedule has in common.
package struct EventTemplate: Hashable, Sendable {
    package var name: String
    package var data: RawJSON
    package var user: RawJSON
    package var version: String?

    package init(name: String, data: RawJSON = .emptyObject, user: RawJSON = .emptyObject, version: String? = nil) {
        self.name = name
        self.data = data
        self.user = user
        self.version = version
    }

    /// The event of a tick.
    package func event(of schedule: String, at tick: Timestamp) -> IncomingEvent {
        IncomingEvent(
            name: name, data: data, user: user, senderID: "\(schedule)@\(tick.rfc3339Seconds)", timestamp: tick,
            version: version
        )
    }

    /// Everything but the name, in the form in which a store keeps it.
    package var stored: RawJSON {
        var writer = JSONWriter(reserving: data.bytes.count + user.bytes.count + 32)
        writer.beginObject()
        writer.key("data")
        writer.raw(data)
        writer.key("user")
        writer.raw(user)
        if let version {
            writer.key("v")
            writer.value(version)
        }
        writer.endObject()
        return writer.finish()
    }

    package init(name: String, stored: RawJSON) {
        let view = stored.view
        self.init(
            name: name, data: view["data"]?.raw ?? .emptyObject, user: view["user"]?.raw ?? .emptyObject,
            version: view["v"]?.string
        )
    }
}

/// An event whose stored form is known before it comes, because it has an id and a time of its own.
struct SettledEvent {
    var event: IncomingEvent
    var body: RawJSON

    init(_ event: IncomingEvent, at time: Timestamp) {
        self.event = event
        body = event.storedBody(internalID: ULID(high: 0, low: 0), receivedAt: time)
    }

    /// What it takes in memory, about.
    var byteCount: Int { 2 * body.bytes.count + 200 }
}

/// A schedule as it is read to send its event.
package struct NamedTemplate: Hashable, Sendable {
    /// The schedule's name.
    package var schedule: String
    package var event: EventTemplate

    package init(schedule: String, event: EventTemplate) {
        self.schedule = schedule
        self.event = event
    }
}

/// The events of some schedules.
package struct TemplatePage: Hashable, Sendable {
    /// Those that exist.
    package var found: [UUID16: NamedTemplate]
    /// How many of the schedules that were asked for, from the first on, have been looked for.
    package var count: Int

    package init(found: [UUID16: NamedTemplate] = [:], count: Int = 0) {
        self.found = found
        self.count = count
    }
}

/// What a shard reads of its event schedules when it starts; their events stay in the store.
package struct StoredEventSchedules: Sendable {
    package var cursor: Tick
    package var entries: [Entry]

    package struct Entry: Hashable, Sendable {
        package var id: UUID16
        package var timing: EventSchedule.Timing
        package var state: EventSchedule.State
        package var digest: UInt64

        package init(id: UUID16, timing: EventSchedule.Timing, state: EventSchedule.State, digest: UInt64) {
            self.id = id
            self.timing = timing
            self.state = state
            self.digest = digest
        }
    }

    package init(cursor: Tick = .none, entries: [Entry] = []) {
        self.cursor = cursor
        self.entries = entries
    }
}

/// What somebody wants of the event schedules.
package enum EventScheduleOrder: Hashable, Sendable {
    /// - Parameter replaces: whether one of other content may be there already.
    case put(EventScheduleDraft, replaces: Bool)
    case change(EventScheduleKey, ScheduleChange)
    case remove(EventScheduleKey)
    /// Send the event now; the ticks stay where they are.
    case run(EventScheduleKey, EventTemplate)
}

/// A schedule as somebody wants it to be.
package struct EventScheduleDraft: Hashable, Sendable {
    package var key: EventScheduleKey
    package var timing: EventSchedule.Timing
    package var event: EventTemplate
    package var catchUp: CatchUp
    package var isPaused: Bool
    package let digest: UInt64

    package init(
        key: EventScheduleKey, timing: EventSchedule.Timing, event: EventTemplate, catchUp: CatchUp = .latest,
        isPaused: Bool = false
    ) {
        self.key = key
        self.timing = timing
        self.event = event
        self.catchUp = catchUp
        self.isPaused = isPaused
        var writer = JSONWriter()
        writer.beginArray()
        writer.value(timing.text)
        writer.value(event.name)
        writer.raw(event.stored)
        writer.endArray()
        digest = UInt64(truncatingIfNeeded: StableHash.wide(writer.bytes))
    }
}

/// What has become of an order.
package enum EventScheduleAnswer: Hashable, Sendable {
    case created(EventSchedule)
    case replaced(EventSchedule)
    /// It was so already.
    case same
    /// There is another one of this name.
    case taken
    /// There are as many as there may be.
    case full(limit: Int)
    case unknown
    case done
    /// The event that was sent.
    case sent(ULID)
}

extension Timestamp {
    /// To the second, as the protocol writes ticks: `2024-01-01T09:00:00Z`.
    var rfc3339Seconds: String {
        let text = rfc3339.utf8
        return String(decoding: text.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "Z") }, as: UTF8.self) + "Z"
    }
}
