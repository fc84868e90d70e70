import ApusCore

/// What is noted with a run, its steps and their attempts: all updates, put together.
package struct RunMetadata: Hashable, Sendable {
    /// In the order in which each was noted first.
    package private(set) var entries: [Entry] = []

    package struct Entry: Hashable, Sendable {
        package var target: Annotation.Target
        package var kind: String
        /// A JSON object.
        package var values: RawJSON
        package var updatedAt: Timestamp
    }

    mutating func apply(_ annotation: Annotation, at time: Timestamp) {
        let update = annotation.update
        let index = entries.firstIndex { $0.target == annotation.target && $0.kind == update.kind }
        guard let values = update.applied(to: index.map { entries[$0].values }) else {
            if let index { entries.remove(at: index) }
            return
        }
        if let index {
            entries[index].values = values
            entries[index].updatedAt = time
        } else {
            entries.append(Entry(target: annotation.target, kind: update.kind, values: values, updatedAt: time))
        }
    }

    package func entries(where isWanted: (Annotation.Target) -> Bool) -> [Entry] {
        entries.filter { isWanted($0.target) }
    }
}
