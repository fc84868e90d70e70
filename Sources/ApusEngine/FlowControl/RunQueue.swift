import ApusCore
import DequeModule
import HeapModule

/// Runs that want to call their app, and the limits that decide which may.
///
/// Within a key, runs go by priority and age; the keys of a function take turns, and so do the functions of
/// an app; runs that have started go before those that have not. An admission takes room at all its limits
/// or at none.
package final class RunQueue {
    private var functions: [UUID16: FunctionQueue] = [:]
    /// Functions with a lane that may have room, by app; each has one turn.
    private var rounds: [UUID16: Deque<FunctionQueue>] = [:]
    private var places: [RowID: Lane] = [:]
    /// Calls in flight and living runs by limit.
    private(set) var held: [LimitKey: Int] = [:]
    /// What throttles and rate limits remember.
    package var arrivals = Arrivals()
    /// Runs that throttles have admitted and that are being read before they are called.
    private var reserved: [LimitKey: Int] = [:]
    /// Lanes that wait for room.
    private var waiting: [LimitKey: Waiting] = [:]
    /// When throttles open.
    private var openings = Heap<Opening>()
    /// Apps that may have something to call for, in the order in which it became so.
    private var stirred: [UUID16] = []

    /// Lanes that wait for room at one limit, by function, those that have started first.
    fileprivate struct Waiting {
        var functions: [(function: UUID16, started: Lanes, starts: Lanes)] = []
        /// The opening that is in the heap.
        var opening: Timestamp?

        typealias Lanes = Deque<(lane: Lane, ticket: UInt32)>
    }

    private struct Opening: Comparable {
        var at: Timestamp
        var key: LimitKey

        static func < (left: Opening, right: Opening) -> Bool { (left.at, left.key) < (right.at, right.key) }
    }

    package init() {}

    /// A run's turn, with the room that was taken for it.
    package struct Admission {
        package var run: RowID
        package var function: UUID16
        /// What the call counts for; for a repeat, which holds it already, only the function.
        package var slots: CallSlots
        package var isRepeat = false
        /// What the run counts for from now on, if it had not started yet.
        package var runKey: LimitKey?
        /// What changed of the throttle; to be stored.
        package var arrival: Arrival?
        /// What the throttle remembered before.
        fileprivate var arrivalBefore: Int64?
        /// The throttle that the run has yet to be counted at, when it is called.
        fileprivate var reservation: (key: LimitKey, clock: RateClock)?
        /// What the run waited for, and since when.
        package var waited: (obstacle: Obstacle, since: Timestamp)?
        /// Nothing was taken: the run's keys have to be found first.
        package var lacksKeys = false
    }

    // MARK: - Functions

    /// Makes a function known or brings it up to date.
    package func update(_ function: FunctionRecord, now: Timestamp) {
        let options = function.flowControl
        guard let queue = functions[function.id] else {
            let rules = FunctionRules(options, function: function.id)
            let queue = FunctionQueue(id: function.id, app: function.app, queue: self, rules: rules)
            queue.isPaused = function.pausedAt != nil
            functions[function.id] = queue
            return
        }
        queue.isPaused = function.pausedAt != nil
        if queue.rules.options != options {
            queue.rules = FunctionRules(options, function: function.id)
            for key in waiting.keys { waiting[key]?.functions.removeAll { $0.function == function.id } }
            for lane in queue.lanes {
                queue.adopt(lane)
                if case .blocked = lane.state { queue.ready(lane) }
            }
        }
        join(queue)
    }

    func rules(of function: UUID16) -> FunctionRules? { functions[function]?.rules }

    /// Calls and runs by all their limits.
    var heldSlots: Int {
        functions.values.reduce(0) { $0 + $1.calls } + held.values.reduce(0, +)
    }

    // MARK: - Waiting runs

    package var count: Int { places.count }

    func lane(of run: RowID) -> Lane? { places[run] }

    package func contains(_ run: RowID) -> Bool { places[run] != nil }

    /// A run wants to call its app; one that waits already stays where it is, unless it goes further ahead.
    /// - Returns: `false` when there is no such function.
    func add(
        _ run: RowID, of function: UUID16, _ kind: Lane.Kind, flow: RunFlow?, createdAt: Timestamp, since: Timestamp
    ) -> Bool {
        guard let queue = functions[function] else { return false }
        if let place = places[run] {
            guard kind < place.id.kind else { return true }
            remove(run, now: since)
        }
        let flow = flow ?? .plain
        let lane = queue.lane(kind, keys: flow.keys)
        places[run] = lane
        lane.insert(Lane.Entry(position: flow.position(createdAt: createdAt), run: run, since: since))
        queue.depth += 1
        if lane.state == .idle { queue.ready(lane) }
        join(queue)
        return true
    }

    /// A run wants nothing any more.
    func remove(_ run: RowID, now: Timestamp) {
        guard let lane = places.removeValue(forKey: run) else { return }
        lane.function.depth -= 1
        lane.forget()
        if lane.count == 0 { leave(lane, now: now) }
    }

    // MARK: - Admission

    /// The apps that may have something to call for since this was last asked.
    func takeStirred() -> [UUID16] {
        defer { stirred.removeAll(keepingCapacity: true) }
        return stirred
    }

    var hasStirred: Bool { !stirred.isEmpty }

    func stir(_ app: UUID16) {
        if stirred.last != app { stirred.append(app) }
    }

    /// Puts a function into its app's round, if it has anything to do there.
    private func join(_ function: FunctionQueue) {
        guard !function.isPaused, !function.isInRound, function.hasReadyLane else { return }
        function.isInRound = true
        rounds[function.app, default: Deque()].append(function)
        stir(function.app)
    }

    /// Admits the app's next run; `nil` when none waits that has room at all its limits.
    package func next(of app: UUID16, now: Timestamp) -> Admission? {
        while let function = rounds[app]?.first {
            guard !function.isPaused, let lane = function.nextLane() else {
                rounds[app]?.removeFirst()
                function.isInRound = false
                continue
            }
            guard let admission = admit(from: lane, now: now) else { continue }
            rounds[app]?.removeFirst()
            rounds[app]?.append(function)
            return admission
        }
        rounds[app] = nil
        return nil
    }

    private func admit(from lane: Lane, now: Timestamp) -> Admission? {
        let function = lane.function
        guard lane.count > 0 else {
            leave(lane, now: now)
            return nil
        }
        if !lane.lacksKeys, let full = lane.limits.first(where: { opening(at: $0, of: function, now: now) != nil }) {
            block(lane, at: full, now: now)
            return nil
        }
        guard let entry = lane.pop() else {
            leave(lane, now: now)
            return nil
        }
        places[entry.run] = nil
        function.depth -= 1
        var admission = Admission(run: entry.run, function: function.id, slots: CallSlots(function: function.id))
        if lane.lacksKeys {
            admission.lacksKeys = true
        } else {
            take(lane, &admission, now: now)
            if now > entry.since {
                admission.waited = (lane.obstacle ?? Obstacle(.order), entry.since)
            }
            lane.pace.count(at: now)
            function.pace.count(at: now)
        }
        let woken = lane.wokenBy
        lane.wokenBy = nil
        if lane.count > 0 { function.ready(lane) } else { function.retire(lane) }
        if let woken { offerRoom(at: woken, now: now) }
        return admission
    }

    /// Takes room at all limits of a lane, and at those that the runs were given keys for and that no longer
    /// exist: what is taken depends on the runs alone, so it can be given back.
    private func take(_ lane: Lane, _ admission: inout Admission, now: Timestamp) {
        if lane.id.kind == .repeats {
            admission.isRepeat = true
            return
        }
        lane.function.calls += 1
        admission.slots.keys = lane.keys.calls.map(\.key)
        hold(admission.slots.keys)
        guard lane.id.kind == .starts else { return }
        admission.runKey = lane.keys.runs?.key
        if let key = admission.runKey { hold([key]) }
        for limit in lane.limits {
            guard let clock = limit.clock else { continue }
            admission.arrivalBefore = arrivals[limit.key]
            admission.arrival = arrivals.admit(limit.key, by: clock, now: now)
            admission.reservation = (limit.key, clock)
        }
    }

    /// A lane leaves its function's round, because nothing waits in it.
    private func leave(_ lane: Lane, now: Timestamp) {
        let woken = lane.wokenBy
        lane.wokenBy = nil
        lane.function.retire(lane)
        if let woken { offerRoom(at: woken, now: now) }
    }

    private func block(_ lane: Lane, at full: Lane.LaneLimit, now: Timestamp) {
        let woken = lane.wokenBy
        lane.wokenBy = nil
        lane.obstacle = Obstacle(full.rule, key: full.text)
        lane.state = .blocked(full.key)
        lane.ticket &+= 1
        // One that was called in vain keeps its place.
        waiting[full.key, default: Waiting()].add(lane, first: woken == full.key)
        if let woken, woken != full.key { offerRoom(at: woken, now: now) }
        if full.rule == .throttle { offerRoom(at: full.key, now: now) }
    }

    // MARK: - Runs that are read first

    /// The run is called later: what its throttle remembers is when it was.
    func reserve(_ admission: inout Admission) {
        guard admission.arrival != nil, let reservation = admission.reservation else { return }
        admission.arrival = nil
        arrivals[reservation.key] = admission.arrivalBefore
        reserved[reservation.key, default: 0] += 1
    }

    /// The run is called now.
    /// - Returns: what has to be stored of its throttle.
    func charge(_ admission: Admission, now: Timestamp) -> Arrival? {
        guard admission.arrival == nil, let reservation = admission.reservation else { return admission.arrival }
        let arrival = arrivals.admit(reservation.key, by: reservation.clock, now: now)
        forgetReservation(of: admission, now: now)
        return arrival
    }

    /// The run is not called after all.
    func forgetReservation(of admission: Admission, now: Timestamp) {
        guard admission.arrival == nil, let key = admission.reservation?.key, let count = reserved[key] else { return }
        reserved[key] = count > 1 ? count - 1 : nil
        offerRoom(at: key, now: now)
    }

    // MARK: - Room

    /// Why there is no room at a limit: when there will be, `.max` when only a release can tell; `nil` when
    /// there is room.
    private func opening(at limit: Lane.LaneLimit, of function: FunctionQueue, now: Timestamp) -> Timestamp? {
        if let clock = limit.clock {
            guard limit.limit > 0 else { return .distantFuture }
            if let count = reserved[limit.key] {
                // They may be called at any moment, so the pace begins anew until they are.
                let arrival = clock.arrival(after: arrivals[limit.key], admittedAt: now.nanoseconds, count: count)
                return clock.admits(at: now.nanoseconds, arrival: arrival) ? nil : .distantFuture
            }
            let opening = clock.opening(after: arrivals[limit.key])
            return opening <= now.nanoseconds ? nil : Timestamp(nanosecondsRoundedUp: opening)
        }
        let count = limit.key == function.callsKey ? function.calls : held[limit.key] ?? 0
        return count < limit.limit ? nil : .distantFuture
    }

    /// Gives the lanes that wait at a limit a turn, one of each function, as far as there is room.
    private func offerRoom(at key: LimitKey, now: Timestamp) {
        guard var list = waiting[key] else { return }
        var opening: Timestamp?
        for index in list.functions.indices.reversed() {
            guard let lane = list.first(index) else {
                list.functions.remove(at: index)
                continue
            }
            guard let limit = lane.limits.first(where: { $0.key == key }),
                let time = self.opening(at: limit, of: lane.function, now: now)
            else {
                list.removeFirst(index)
                lane.wokenBy = key
                lane.function.ready(lane)
                join(lane.function)
                continue
            }
            if time < .distantFuture { opening = opening.map { min($0, time) } ?? time }
        }
        if let opening, list.opening.map({ opening < $0 }) ?? true {
            list.opening = opening
            openings.insert(Opening(at: opening, key: key))
        }
        waiting[key] = list.functions.isEmpty ? nil : list
    }

    /// When a throttle opens next.
    package var nextOpening: Timestamp? { openings.min?.at }

    /// Lets those go on whose throttle has opened.
    package func passTime(now: Timestamp) {
        while let opening = openings.min, opening.at <= now {
            openings.removeMin()
            if waiting[opening.key]?.opening == opening.at { waiting[opening.key]?.opening = nil }
            offerRoom(at: opening.key, now: now)
        }
    }

    /// A call has ended.
    package func release(_ slots: CallSlots, now: Timestamp) {
        if let function = functions[slots.function] {
            function.calls -= 1
            offerRoom(at: function.callsKey, now: now)
            stir(function.app)
        }
        release(slots.keys, now: now)
    }

    /// A run has ended.
    package func release(_ keys: [LimitKey], now: Timestamp) {
        for key in keys {
            guard let count = held[key] else { continue }
            held[key] = count > 1 ? count - 1 : nil
            offerRoom(at: key, now: now)
        }
    }

    // MARK: - From the store

    /// A call is in flight since before the shard was read.
    package func hold(_ slots: CallSlots) {
        functions[slots.function]?.calls += 1
        hold(slots.keys)
    }

    package func hold(_ keys: [LimitKey]) {
        for key in keys { held[key, default: 0] += 1 }
    }
}

extension RunQueue.Waiting {
    /// - Parameter first: before those of its function that wait already.
    mutating func add(_ lane: Lane, first: Bool) {
        let function = lane.function.id
        if !functions.contains(where: { $0.function == function }) { functions.append((function, [], [])) }
        guard let index = functions.firstIndex(where: { $0.function == function }) else { return }
        switch (lane.id.kind == .starts, first) {
        case (true, true): functions[index].starts.prepend((lane, lane.ticket))
        case (true, false): functions[index].starts.append((lane, lane.ticket))
        case (false, true): functions[index].started.prepend((lane, lane.ticket))
        case (false, false): functions[index].started.append((lane, lane.ticket))
        }
    }

    /// The lane of a function whose turn it is; those that wait no more are dropped.
    mutating func first(_ index: Int) -> Lane? {
        while let (lane, ticket) = functions[index].started.first {
            if lane.ticket == ticket { return lane }
            functions[index].started.removeFirst()
        }
        while let (lane, ticket) = functions[index].starts.first {
            if lane.ticket == ticket { return lane }
            functions[index].starts.removeFirst()
        }
        return nil
    }

    mutating func removeFirst(_ index: Int) {
        if functions[index].started.popFirst() == nil { functions[index].starts.removeFirst() }
    }
}
