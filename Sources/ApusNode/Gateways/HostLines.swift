import DequeModule

/// Who may send a request to which host: at most so many at a time. Owners whose requests wait for a host take turns,
/// so that one that asks for a thousand holds up nobody; those of one owner go in their order.
struct HostLines<Owner: Hashable, Item> {
    private struct Line {
        var underWay = 0
        /// Owners by whose turn it is, none without a request.
        var turns: Deque<Owner> = []
        var waiting: [Owner: Deque<Item>] = [:]

        mutating func append(_ item: Item, of owner: Owner) {
            if waiting[owner] == nil { turns.append(owner) }
            waiting[owner, default: []].append(item)
        }

        mutating func popFirst() -> Item? {
            guard let owner = turns.popFirst(), let item = waiting[owner]?.popFirst() else { return nil }
            if waiting[owner]?.isEmpty == true { waiting[owner] = nil } else { turns.append(owner) }
            return item
        }

        mutating func remove(of owner: Owner, where isUnwanted: (Item) -> Bool) -> [Item] {
            guard var items = waiting[owner] else { return [] }
            let removed = items.filter(isUnwanted)
            items.removeAll(where: isUnwanted)
            waiting[owner] = items.isEmpty ? nil : items
            if items.isEmpty { turns.removeAll { $0 == owner } }
            return Array(removed)
        }
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
    mutating func enter(_ item: Item, of owner: Owner, to host: String) -> Bool {
        var line = lines[host] ?? Line()
        defer { lines[host] = line }
        guard line.underWay >= limit else {
            line.underWay += 1
            underWay += 1
            return true
        }
        line.append(item, of: owner)
        waiting += 1
        return false
    }

    /// A request to the host has ended.
    /// - Returns: the one that may go now.
    mutating func leave(_ host: String) -> Item? {
        guard var line = lines[host] else { return nil }
        guard let next = line.popFirst() else {
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
    mutating func remove(of owner: Owner, from host: String, where isUnwanted: (Item) -> Bool) -> [Item] {
        guard let removed = lines[host]?.remove(of: owner, where: isUnwanted) else { return [] }
        waiting -= removed.count
        return removed
    }

    /// Forgets everything that waits.
    mutating func removeWaiting() {
        for host in lines.keys {
            lines[host]?.turns = []
            lines[host]?.waiting = [:]
        }
        waiting = 0
    }

    /// The busiest hosts, for metrics.
    func busiest(_ count: Int) -> [(host: String, underWay: Int, waiting: Int)] {
        lines.map { ($0.key, $0.value.underWay, $0.value.waiting.values.reduce(0) { $0 + $1.count }) }
            .sorted { ($1.1 + $1.2, $0.0) < ($0.1 + $0.2, $1.0) }
            .prefix(count).map { (host: $0.0, underWay: $0.1, waiting: $0.2) }
    }
}
