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
    private var positions: [StepID: Int] = [:]

    /// Without any.
    init() {}

    /// - Parameters:
    ///   - steps: an object of step ids and results.
    ///   - stack: an array of the ids of those that have finished, in their order. Results that it lacks come last.
    init(steps: JSONView, stack: JSONView?) {
        var memos: [StepID: JSONView] = [:]
        var unordered: [StepID] = []
        for (key, memo) in steps.members {
            // An edited input is no result: the step runs again.
            guard let id = key.stepID, !History.isInput(memo) else { continue }
            memos[id] = memo
            unordered.append(id)
        }
        entries.reserveCapacity(memos.count)
        positions.reserveCapacity(memos.count)
        for element in stack?.elements ?? JSONElements.none {
            if let id = element.stepID, let memo = memos[id] { append(id, memo) }
        }
        for id in unordered {
            if let memo = memos[id] { append(id, memo) }
        }
    }

    /// Adds a result that is newer than all others; one of a step that has one already counts for nothing.
    mutating func append(_ id: StepID, _ memo: JSONView) {
        guard positions[id] == nil else { return }
        positions[id] = entries.count
        entries.append(Entry(id: id, memo: memo))
    }

    private static func isInput(_ memo: JSONView) -> Bool {
        guard memo.kind == .object, memo["input"] != nil else { return false }
        return memo.count == 1
    }

    /// Where in the order a step's result is.
    func position(of id: StepID) -> Int? { positions[id] }

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

extension JSONElements {
    /// No elements.
    fileprivate static var none: JSONElements { RawJSON.emptyArray.view.elements }
}
