import ApusCore

/// An event that still has to reach its listeners.
struct PendingLook {
    var facts: EventFacts
    /// Listeners that matched and whose runs are being read.
    var outstanding = 0
    /// The position after which more listeners have to be read; `nil` when all were.
    var next: ListenerCursor?
}

/// The events that have not reached all their listeners, by row.
struct PendingLooks {
    private var looks: [RowID: PendingLook] = [:]
    /// How many there are of each name.
    private var names: [String: Int] = [:]

    var count: Int { looks.count }

    subscript(event: RowID) -> PendingLook? {
        get { looks[event] }
        set {
            if let old = looks[event] { note(old.facts.name, -1) }
            if let newValue { note(newValue.facts.name, 1) }
            looks[event] = newValue
        }
    }

    /// Whether an event of the listener's name that was received in its time is on its way.
    func concern(_ listener: Listener) -> Bool {
        guard names[listener.name] != nil else { return false }
        return looks.values.contains { look in
            look.facts.name == listener.name && listener.since <= look.facts.receivedAt
                && look.facts.receivedAt <= listener.until
        }
    }

    private mutating func note(_ name: String, _ change: Int) {
        let count = (names[name] ?? 0) + change
        names[name] = count > 0 ? count : nil
    }
}
