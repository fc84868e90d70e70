import DequeModule

/// Who may send a request to which host: at most so many at a time, first come, first served.
struct HostLines<Item> {
    private struct Line {
        var underWay = 0
        var waiting: Deque<Item> = []
    }

    /// Requests to one host at a time.
    let limit: Int
    private var lines: [String: Line] = [:]
    private(set) var underWay = 0
    private(set) var waiting = 0

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// - Returns: whether it may go at once; if not, it waits.
    mutating func enter(_ item: Item, to host: String) -> Bool {
        var line = lines[host] ?? Line()
        defer { lines[host] = line }
        guard line.underWay >= limit else {
            line.underWay += 1
            underWay += 1
            return true
        }
        line.waiting.append(item)
        waiting += 1
        return false
    }

    /// A request to the host has ended.
    /// - Returns: the one that may go now.
    mutating func leave(_ host: String) -> Item? {
        guard var line = lines[host] else { return nil }
        guard let next = line.waiting.popFirst() else {
            line.underWay -= 1
            underWay -= 1
            lines[host] = line.underWay == 0 ? nil : line
            return nil
        }
        lines[host] = line
        waiting -= 1
        return next
    }

    /// Takes out what waits and is not wanted any more.
    mutating func remove(from host: String, where isUnwanted: (Item) -> Bool) -> [Item] {
        guard var line = lines[host] else { return [] }
        let removed = line.waiting.filter(isUnwanted)
        line.waiting.removeAll(where: isUnwanted)
        lines[host] = line
        waiting -= removed.count
        return Array(removed)
    }

    /// Forgets everything that waits.
    mutating func removeWaiting() {
        for host in lines.keys { lines[host]?.waiting = [] }
        waiting = 0
    }

    /// The busiest hosts, for metrics.
    func busiest(_ count: Int) -> [(host: String, underWay: Int, waiting: Int)] {
        lines.map { ($0.key, $0.value.underWay, $0.value.waiting.count) }
            .sorted { ($1.1 + $1.2, $0.0) < ($0.1 + $0.2, $1.0) }
            .prefix(count).map { (host: $0.0, underWay: $0.1, waiting: $0.2) }
    }
}
