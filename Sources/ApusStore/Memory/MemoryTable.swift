import ApusEngine

/// Rows by number, and the order of their numbers.
struct MemoryTable<Value: Sendable>: Sendable {
    private var values: [RowID: Value] = [:]
    /// Ascending.
    private(set) var rows: [RowID] = []
    /// One more than the newest row that a shard ever inserted.
    private var ends: [ShardID: RowID] = [:]

    subscript(row: RowID) -> Value? { values[row] }

    /// Whether there is such a row.
    func contains(_ row: RowID) -> Bool { values[row] != nil }

    /// Inserts a new row, or replaces the value of an old one.
    mutating func insert(_ value: Value, at row: RowID) {
        guard values.updateValue(value, forKey: row) == nil else { return }
        rows.insert(row, at: firstIndex(notBelow: row))
        let shard = RowCounters.shard(of: row)
        ends[shard] = max(ends[shard] ?? 0, row + 1)
    }

    /// Changes a row in place, if there is one.
    mutating func update(_ row: RowID, _ change: (inout Value) -> Void) {
        guard let index = values.index(forKey: row) else { return }
        change(&values.values[index])
    }

    /// - Returns: what was there.
    @discardableResult
    mutating func remove(_ row: RowID) -> Value? {
        guard let value = values.removeValue(forKey: row) else { return nil }
        rows.remove(at: firstIndex(notBelow: row))
        return value
    }

    /// The next row that a shard may draw, also when its newest rows were removed.
    func end(of shard: ShardID) -> RowID {
        ends[shard] ?? RowCounters.firstRow(of: shard)
    }

    /// Rows below one, or all, descending.
    func newest(before row: RowID?) -> ReversedCollection<ArraySlice<RowID>> {
        rows[..<(row.map(firstIndex(notBelow:)) ?? rows.count)].reversed()
    }

    private func firstIndex(notBelow row: RowID) -> Int {
        // Shards append, so the answer is nearly always the end.
        if let last = rows.last, last < row { return rows.count }
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
