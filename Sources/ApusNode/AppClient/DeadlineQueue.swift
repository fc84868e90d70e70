import NIOCore

/// The deadlines of many calls behind one timer.
///
/// A binary heap that forgets lazily: a call that ends leaves its entry behind, and the owner drops such entries by
/// ``compact(keeping:)`` when they outnumber the live ones. With deadlines hours away and calls that take
/// milliseconds, this is far cheaper than a scheduled task a call: NIO searches all its tasks to cancel one.
struct DeadlineQueue {
    private struct Entry {
        let deadline: NIODeadline
        let id: AppCallID
    }

    private var entries: [Entry] = []

    /// How many entries there are, live and forgotten.
    var count: Int { entries.count }

    /// The earliest deadline of all entries.
    var earliest: NIODeadline? { entries.first?.deadline }

    /// Adds a deadline; constant time when it is not earlier than most others.
    mutating func insert(_ id: AppCallID, at deadline: NIODeadline) {
        entries.append(Entry(deadline: deadline, id: id))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes and returns one call whose deadline is not after `now`, the earliest first.
    mutating func popDue(_ now: NIODeadline) -> AppCallID? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        siftDown(from: 0)
        return first.id
    }

    /// Drops the entries of all calls that are not live any more; linear time.
    mutating func compact(keeping isLive: (AppCallID) -> Bool) {
        entries.removeAll { !isLive($0.id) }
        for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2)
            where child < entries.count && entries[child].deadline < entries[least].deadline {
                least = child
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
