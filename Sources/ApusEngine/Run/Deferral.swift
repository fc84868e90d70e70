import ApusCore

/// Another function that is to start when the run ends.
package struct Deferral: Hashable, Sendable {
    /// The key under which the app knows it; no step of the run.
    package var key: StepID
    /// `<app>-<function>` of what starts.
    package var function: String
    /// The event's data, a JSON object.
    package var input: Payload
    /// The event's `meta`, a JSON object.
    package var meta: RawJSON?

    package init(key: StepID, function: String, input: Payload, meta: RawJSON? = nil) {
        self.key = key
        self.function = function
        self.input = input
        self.meta = meta
    }

    package static let inputLimit = 4 << 20
    /// Bytes of the input of all that one run defers.
    package static let totalLimit = 4 << 20
    package static let countLimit = 20
    package static let metaLimit = 32 << 10
}

/// What a run has deferred, in the order of canonical JSON.
package struct Deferrals: Hashable, Sendable {
    package private(set) var entries: [Entry] = []
    /// Bytes of all inputs.
    package private(set) var byteCount = 0

    package struct Entry: Hashable, Sendable {
        package var deferral: Deferral
        /// The app has taken it back; it is remembered so that it is not deferred again.
        package var isAborted = false
    }

    package var count: Int { entries.count }
    package var live: [Deferral] { entries.filter { !$0.isAborted }.map(\.deferral) }

    package func contains(_ key: StepID) -> Bool {
        entries.contains { $0.deferral.key == key }
    }

    mutating func add(_ deferral: Deferral) {
        guard !contains(deferral.key) else { return }
        let place = entries.firstIndex { deferral.key < $0.deferral.key } ?? entries.count
        entries.insert(Entry(deferral: deferral), at: place)
        byteCount += deferral.input.json.bytes.count
    }

    mutating func abort(_ key: StepID) {
        guard let index = entries.firstIndex(where: { $0.deferral.key == key }) else { return }
        entries[index].isAborted = true
    }
}
