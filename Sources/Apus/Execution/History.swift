import ApusCore

/// The results that the server has of a run's steps, in the order in which the steps finished.
struct History: Sendable {
    /// A result.
    struct Entry: Sendable {
        let id: StepID
        let memo: JSONView
    }

    /// The results in their order.
    private(set) var entries: [Entry] = []
    /// The ids in ascending order, each with where its result is. A call has them in this order already, so that
    /// nothing needs to be hashed.
    private var index: [(id: StepID, position: Int)] = []

    /// Without any.
    init() {}

    /// - Parameters:
    ///   - steps: an object of step ids and results.
    ///   - stack: an array of the ids of those that have finished, in their order. Results that it lacks come last.
    init(steps: JSONView, stack: JSONView?) {
        var memos: [JSONView] = []
        for (key, memo) in steps.members {
            // An edited input is no result: the step runs again.
            guard let id = key.stepID, !History.isInput(memo) else { continue }
            index.append((id, -1))
            memos.append(memo)
        }
        // Only ids that are no hashes can have another order as text.
        if !zip(index, index.dropFirst()).allSatisfy({ $0.id < $1.id }) {
            let sorted = zip(index, memos).sorted { $0.0.id < $1.0.id }
            index = sorted.map(\.0)
            memos = sorted.map(\.1)
        }
        entries.reserveCapacity(memos.count)
        if let stack {
            for element in stack.elements {
                guard let id = element.stepID, let place = place(of: id), index[place].id == id else { continue }
                enter(place, memos[place])
            }
        }
        for place in memos.indices { enter(place, memos[place]) }
    }

    private mutating func enter(_ place: Int, _ memo: JSONView) {
        guard index[place].position < 0 else { return }
        index[place].position = entries.count
        entries.append(Entry(id: index[place].id, memo: memo))
    }

    /// Adds a result that is newer than all others; one of a step that has one already counts for nothing.
    mutating func append(_ id: StepID, _ memo: JSONView) {
        let place = place(of: id)
        if let place, index[place].id == id { return }
        index.insert((id, entries.count), at: place ?? index.count)
        entries.append(Entry(id: id, memo: memo))
    }

    private static func isInput(_ memo: JSONView) -> Bool {
        guard memo.kind == .object, memo["input"] != nil else { return false }
        return memo.count == 1
    }

    /// The first place in the index with an id that is not lower; `nil` behind the last.
    private func place(of id: StepID) -> Int? {
        var low = 0
        var high = index.count
        while low < high {
            let middle = (low + high) / 2
            if index[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < index.count ? low : nil
    }

    /// Where in the order a step's result is.
    func position(of id: StepID) -> Int? {
        guard let place = place(of: id), index[place].id == id else { return nil }
        return index[place].position
    }

    /// What the first results are, in short: a run's results never change, so equal ids and sizes mean equal results.
    func digest(ofFirst count: Int) -> Int {
        var hasher = Hasher()
        for entry in entries.prefix(count) {
            hasher.combine(entry.id)
            hasher.combine(entry.memo.range.count)
        }
        return hasher.finalize()
    }
}
