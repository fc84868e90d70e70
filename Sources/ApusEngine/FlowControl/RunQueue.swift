import ApusCore
import DequeModule
import HeapModule

/// Runs that want to call their app, and the limits that decide which may.
///
/// Within a key, runs go by priority and age; the keys of a function take turns, and so do the functions of
/// an app; runs that have started go before those that have not. An admission takes room at all its limits
/// or at none.
package final class RunQueue {
    private(set) var functions: [UUID16: FunctionQueue] = [:]
    /// Functions with a lane that may have room, by app; each has one turn.
    private var rounds: [UUID16: Deque<FunctionQueue>] = [:]
    private var places: [RowID: Lane] = [:]
    /// Calls in flight and living runs by limit.
    private(set) var held: [LimitKey: Int] = [:]
    /// What throttles and rate limits remember.
    package var arrivals = Arrivals()
    /// Lanes that wait for room.
    private var waiting: [LimitKey: Waiting] = [:]
    /// When throttles open.
    private var openings = Heap<Opening>()
    /// Apps that may have something to call for, in the order in which it became so.
    private var stirred: [UUID16] = []

    private var turns: UInt64 = 0

    /// Lanes that wait for room at one limit, by function, those that have started first.
    fileprivate struct Waiting {
        var functions: [(function: FunctionQueue, started: LaneLine, starts: LaneLine)] = []
        /// The opening that is in the heap.
        var opening: Timestamp?
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
        /// By how much it changed.
        package var interval: Int64 = 0
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
            for key in waiting.keys { waiting[key]?.functions.removeAll { $0.function === queue } }
            waiting = waiting.filter { !$0.value.functions.isEmpty }
            for lane in queue.lanes {
                queue.adopt(lane)
                if case .blocked = lane.state { queue.ready(lane) }
            }
        }
        join(queue)
    }

    func rules(of function: UUID16) -> FunctionRules? { functions[function]?.rules }

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
        turns += 1
        function.lastTurn = turns
        goOn(lane, now: now)
        return admission
    }

    /// A lane has had its turn. Where others of its function wait for room already it goes behind them, even if
    /// there is room for all: else those that are woken one by one would have fewer turns than it.
    private func goOn(_ lane: Lane, now: Timestamp) {
        guard lane.count > 0 else { return leave(lane, now: now) }
        let woken = lane.wokenBy
        lane.wokenBy = nil
        let shared = lane.lacksKeys ? nil : lane.limits.first { waiting[$0.key]?.holds(othersLike: lane) == true }?.key
        if let shared {
            lane.state = .blocked(shared)
            lane.ticket &+= 1
            waiting[shared, default: Waiting()].add(lane, first: false)
            offerRoom(at: shared, now: now)
        } else {
            lane.function.ready(lane)
        }
        if let woken, woken != shared { offerRoom(at: woken, now: now) }
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
            admission.arrival = arrivals.admit(limit.key, by: clock, now: now)
            admission.interval = clock.interval
        }
    }

    /// A lane leaves its function's round, because nothing waits in it.
    private func leave(_ lane: Lane, now: Timestamp) {
        let woken = lane.wokenBy
        let state = lane.state
        lane.wokenBy = nil
        lane.function.retire(lane)
        if case .blocked(let key) = state { waiting[key]?.tidy() }
        if case .blocked(let key) = state, waiting[key]?.functions.isEmpty == true { waiting[key] = nil }
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

    // MARK: - Room

    /// Why there is no room at a limit: when there will be, `.max` when only a release can tell; `nil` when
    /// there is room.
    func opening(at limit: Lane.LaneLimit, of function: FunctionQueue, now: Timestamp) -> Timestamp? {
        if let clock = limit.clock {
            guard limit.limit > 0 else { return .distantFuture }
            let opening = clock.opening(after: arrivals[limit.key])
            return opening <= now.nanoseconds ? nil : Timestamp(nanosecondsRoundedUp: opening)
        }
        let count = limit.key == function.callsKey ? function.calls : held[limit.key] ?? 0
        return count < limit.limit ? nil : .distantFuture
    }

    /// Gives the lanes that wait at a limit a turn, one of each function, as far as there is room; those of
    /// functions whose last turn is longest ago come first.
    private func offerRoom(at key: LimitKey, now: Timestamp) {
        guard var list = waiting[key] else { return }
        list.tidy()
        var opening: Timestamp?
        for index in list.turns {
            guard let lane = list.first(index) else { continue }
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

    /// Places in lists of lanes, also void ones.
    var placesInLists: Int {
        waiting.values.reduce(0) { $0 + $1.places } + functions.values.reduce(0) { $0 + $1.placesInRounds }
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
        }
        release(slots.keys, now: now)
        // After the apps of others that have waited for this room.
        if let function = functions[slots.function] { stir(function.app) }
    }

    /// A run has ended.
    package func release(_ keys: [LimitKey], now: Timestamp) {
        for key in keys {
            guard let count = held[key] else { continue }
            held[key] = count > 1 ? count - 1 : nil
            offerRoom(at: key, now: now)
        }
    }

    /// The run whose turn it was does not call after all.
    func giveBack(_ admission: Admission, now: Timestamp) {
        release(admission.slots, now: now)
        if let key = admission.runKey { release([key], now: now) }
        guard let arrival = admission.arrival else { return }
        arrivals.takeBack(arrival, interval: admission.interval, now: now)
        offerRoom(at: arrival.key, now: now)
    }

    /// Calls of a function that are under way.
    func calls(of function: UUID16) -> Int { functions[function]?.calls ?? 0 }

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
    /// Also void ones.
    var places: Int { functions.reduce(0) { $0 + $1.started.placeCount + $1.starts.placeCount } }

    /// The functions in the order in which they are offered room.
    var turns: [Int] {
        guard functions.count > 1 else { return Array(functions.indices) }
        return functions.indices.sorted { functions[$0].function.lastTurn < functions[$1].function.lastTurn }
    }

    /// - Parameter first: before those of its function that wait already.
    mutating func add(_ lane: Lane, first: Bool) {
        if !functions.contains(where: { $0.function === lane.function }) {
            functions.append((lane.function, LaneLine(), LaneLine()))
        }
        guard let index = functions.firstIndex(where: { $0.function === lane.function }) else { return }
        switch (lane.id.kind == .starts, first) {
        case (true, true): functions[index].starts.prepend(lane)
        case (true, false): functions[index].starts.append(lane)
        case (false, true): functions[index].started.prepend(lane)
        case (false, false): functions[index].started.append(lane)
        }
    }

    /// Whether lanes of the same function and kind wait.
    mutating func holds(othersLike lane: Lane) -> Bool {
        guard let index = functions.firstIndex(where: { $0.function === lane.function }) else { return false }
        return (lane.id.kind == .starts ? functions[index].starts.first() : functions[index].started.first()) != nil
    }

    /// Forgets functions none of whose lanes waits any more.
    mutating func tidy() {
        for index in functions.indices.reversed() where first(index) == nil { functions.remove(at: index) }
    }

    /// The lane of a function whose turn it is.
    mutating func first(_ index: Int) -> Lane? {
        functions[index].started.first() ?? functions[index].starts.first()
    }

    mutating func removeFirst(_ index: Int) {
        if functions[index].started.popFirst() == nil { _ = functions[index].starts.popFirst() }
    }
}
