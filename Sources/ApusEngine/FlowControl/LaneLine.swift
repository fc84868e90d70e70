import DequeModule

/// Lanes in the order of their turns. A lane stands in one line at most: its places in others are void, and so
/// is one that it has left.
struct LaneLine {
    private var places: Deque<(lane: Lane, ticket: UInt32)> = []
    private var sweepAt = LaneLine.fewPlaces

    private static let fewPlaces = 64

    /// Also void ones.
    var placeCount: Int { places.count }

    /// The lane's state has changed to one that has its place here.
    mutating func append(_ lane: Lane) {
        places.append((lane, lane.ticket))
        sweep()
    }

    mutating func prepend(_ lane: Lane) {
        places.prepend((lane, lane.ticket))
        sweep()
    }

    /// The lane whose turn it is; stays in the line.
    mutating func first() -> Lane? {
        while let (lane, ticket) = places.first {
            if lane.ticket == ticket { return lane }
            places.removeFirst()
        }
        return nil
    }

    mutating func popFirst() -> Lane? {
        let lane = first()
        if lane != nil { places.removeFirst() }
        return lane
    }

    var isEmpty: Bool { !places.contains { $0.lane.ticket == $0.ticket } }

    /// Void places behind a valid one would add up for as long as that one waits.
    private mutating func sweep() {
        guard places.count > sweepAt else { return }
        places.removeAll { $0.lane.ticket != $0.ticket }
        sweepAt = max(LaneLine.fewPlaces, 2 * places.count)
    }
}
