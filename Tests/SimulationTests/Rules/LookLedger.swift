import ApusCore
import ApusEngine
import ApusStore

/// What has become durable of those who listen, of events, and of the looks by which they find each
/// other, in the order in which it did.
final class LookLedger {
    /// Counts writes.
    private var position = 0
    private var now: Int64 = 0
    private(set) var events: [StoredEvent] = []
    private var eventsByName: [String: [Int]] = [:]
    private var eventsByRow: [RowID: Int] = [:]
    private(set) var listens: [Place: Listen] = [:]
    /// What the store has now.
    private(set) var listeners: [RowID: Set<ListenerNumber>] = [:]
    private(set) var signals: [String: [Place]] = [:]
    private(set) var openLooks: Set<RowID> = []
    private(set) var openLooksBack: Set<Place> = []
    private var lookDone: [RowID: Int] = [:]
    private var matches: [Match: Letter] = [:]
    private var displacements: [Letter: Place] = [:]
    private(set) var displaced: Set<Place> = []
    private var applied: [Letter: Int] = [:]

    struct StoredEvent {
        var row: EventRow
        var fields: EventFields
        var position: Int
        var landing: Int
        /// Milliseconds since the world began.
        var at: Int64
    }

    /// A listener within all runs.
    struct Place: Hashable {
        var run: RowID
        var number: ListenerNumber
    }

    struct Listen {
        var row: ListenerRow
        var position: Int
        var landing: Int
        /// The batch with which it had seen what was there before.
        var lookedBack: Int?
        /// The batch with which it was taken back.
        var removed: Int?
    }

    private struct Match: Hashable {
        var place: Place
        var event: RowID
    }

    private struct Letter: Hashable {
        var from: ShardID
        var to: ShardID
        var number: UInt64
    }

    func record(_ batch: Batch, landing: Int, at time: Int64) {
        now = time
        for write in batch.writes {
            position += 1
            record(write, of: batch.shard, landing)
        }
    }

    private func record(_ write: Write, of shard: ShardID, _ landing: Int) {
        switch write {
        case .event(let row):
            eventsByName[row.name, default: []].append(events.count)
            eventsByRow[row.row] = events.count
            let fields = EventFields(stored: row.body)
            events.append(StoredEvent(row: row, fields: fields, position: position, landing: landing, at: now))
        case .listen(let row):
            let place = Place(run: row.run, number: row.number)
            listens[place] = Listen(
                row: row, position: position, landing: landing, lookedBack: row.looksBack ? nil : landing)
            listeners[row.run, default: []].insert(row.number)
            if row.looksBack { openLooksBack.insert(place) }
            if row.topic == .signals { signals[row.condition ?? "", default: []].append(place) }
        case .lookedBack(let run, let number):
            let place = Place(run: run, number: number)
            if listens[place]?.lookedBack == nil { listens[place]?.lookedBack = landing }
            openLooksBack.remove(place)
        case .unlisten(let run, let number):
            listeners[run]?.remove(number)
            if listeners[run]?.isEmpty == true { listeners[run] = nil }
            forget(Place(run: run, number: number), landing)
        case .unlistenAll(let run):
            for number in (listeners.removeValue(forKey: run) ?? []).sorted() {
                forget(Place(run: run, number: number), landing)
            }
        case .lookPending(let event): openLooks.insert(event)
        case .lookDone(let event):
            openLooks.remove(event)
            if lookDone[event] == nil { lookDone[event] = landing }
        case .send(let receiver, let number, .matched(let run, let listener, let event, _)):
            let match = Match(place: Place(run: run, number: listener), event: event)
            if matches[match] == nil { matches[match] = Letter(from: shard, to: receiver, number: number) }
        case .send(let receiver, let number, .displace(let run, let listener)):
            let place = Place(run: run, number: listener)
            displacements[Letter(from: shard, to: receiver, number: number)] = place
            displaced.insert(place)
        case .applied(let sender, let number):
            applied[Letter(from: sender, to: shard, number: number)] = landing
        default:
            break
        }
    }

    private func forget(_ place: Place, _ landing: Int) {
        openLooksBack.remove(place)
        listens[place]?.removed = landing
        guard let row = listens[place]?.row, row.topic == .signals else { return }
        signals[row.condition ?? ""]?.removeAll { $0 == place }
    }

    func events(named name: String) -> [StoredEvent] {
        (eventsByName[name] ?? []).map { events[$0] }
    }

    func event(_ row: RowID) -> StoredEvent? {
        eventsByRow[row].map { events[$0] }
    }

    /// Whether everything that anybody begins to listen to, or that comes, has found its match.
    var isAtRest: Bool { openLooks.isEmpty && openLooksBack.isEmpty }

    /// The batch by which a listener must have heard of an event for which it waits; `nil` when nobody
    /// promises that it does.
    ///
    /// What comes after the listener looks for listeners; what was there before is seen if the listener
    /// looks back. Both take their time, and a message to the listener's shard takes its own.
    /// - Parameter looksBack: whether the listener has to see what was stored before it.
    func heard(of event: StoredEvent, by place: Place, looksBack: Bool) -> Int? {
        guard let listen = listens[place] else { return nil }
        if event.position < listen.position { return looksBack ? listen.lookedBack ?? .max : nil }
        if openLooks.contains(event.row.row) { return .max }
        let done = lookDone[event.row.row] ?? event.landing
        guard let letter = matches[Match(place: place, event: event.row.row)] else { return done }
        return max(done, applied[letter] ?? .max)
    }
}
