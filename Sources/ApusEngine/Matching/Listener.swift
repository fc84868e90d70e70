import ApusCore

/// Names a listener within its run.
package typealias ListenerNumber = UInt32

/// Something that a run waits for, or that ends it: an event of a name, or a signal.
package struct Listener: Hashable, Sendable {
    /// The number of the wait's deadline job; those that cancel count down from the greatest number.
    package var number: ListenerNumber
    package var purpose: Purpose
    /// The event's exact name, or the signal's.
    package var name: String
    /// An expression over `async` alone, in which the values of the run's own event stand already;
    /// `nil` for every event of the name.
    package var condition: String?
    /// Events that were received earlier do not count.
    package var since: Timestamp
    /// Events that were received later do not count.
    package var until: Timestamp

    package init(
        number: ListenerNumber, purpose: Purpose, name: String, condition: String?, since: Timestamp, until: Timestamp
    ) {
        self.number = number
        self.purpose = purpose
        self.name = name
        self.condition = condition
        self.since = since
        self.until = until
    }

    package enum Purpose: Hashable, Sendable {
        /// An event is the step's result.
        case event(StepID, isRace: Bool)
        /// A signal's payload is the step's result.
        case signal(StepID, isRace: Bool, replaces: Bool)
        /// An event cancels the run.
        case cancellation
    }

    /// The step that waits.
    package var step: StepID? {
        switch purpose {
        case .event(let step, _), .signal(let step, _, _): step
        case .cancellation: nil
        }
    }

    package var isRace: Bool {
        switch purpose {
        case .event(_, let isRace), .signal(_, let isRace, _): isRace
        case .cancellation: false
        }
    }

    /// Whether anything can ever reach it: a condition may have turned out to be false already.
    package var isReachable: Bool { condition != Self.never }

    static let never = "false"
}

/// Where listeners are looked for: the events of a name that have one value at a path.
///
/// Names and paths are told apart byte by byte, as stores do it: Swift holds texts for equal that have
/// different bytes.
package struct ListenerTopic: Hashable, Comparable, Sendable {
    /// The event's name; empty for signals.
    package var name: String
    /// The fields below the event, joined by ``separator``; empty for listeners without a key.
    package var path: String

    package init(name: String, path: String) {
        self.name = name
        self.path = path
    }

    /// Stands between the fields of a path; a field that holds it cannot be a key.
    package static let separator: Character = "\u{1f}"
    /// The topic of all signals, whose key is the signal's name.
    package static let signals = ListenerTopic(name: "", path: "")

    package static func == (left: ListenerTopic, right: ListenerTopic) -> Bool {
        left.name.hasBytes(of: right.name) && left.path.hasBytes(of: right.path)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(path)
    }

    package static func < (left: ListenerTopic, right: ListenerTopic) -> Bool {
        left.name.hasBytes(of: right.name)
            ? left.path.precedesInBytes(right.path) : left.name.precedesInBytes(right.name)
    }
}

/// A listener as the store finds it.
package struct ListenerRow: Hashable, Sendable {
    package var run: RowID
    package var number: ListenerNumber
    package var topic: ListenerTopic
    /// The hash of the value at the topic's path; 0 when it has no path.
    package var key: UInt64
    /// The condition, or the signal's name; `nil` for every event.
    package var condition: String?
    package var since: Timestamp
    package var until: Timestamp
    /// What was there before the listener still has to be looked at.
    package var looksBack: Bool

    package init(
        run: RowID, number: ListenerNumber, topic: ListenerTopic, key: UInt64, condition: String?, since: Timestamp,
        until: Timestamp, looksBack: Bool
    ) {
        self.run = run
        self.number = number
        self.topic = topic
        self.key = key
        self.condition = condition
        self.since = since
        self.until = until
        self.looksBack = looksBack
    }

    /// Where the listener stands in the answer to a question.
    package var cursor: ListenerCursor { ListenerCursor(path: topic.path, run: run, number: number) }

    /// Whether something received at this time counts.
    package func covers(_ time: Timestamp) -> Bool { since <= time && time <= until }
}

/// Asks the store for the listeners that something may concern.
package struct ListenerQuestion: Sendable {
    package var subject: Subject
    package var after: ListenerCursor?

    package init(_ subject: Subject, after: ListenerCursor? = nil) {
        self.subject = subject
        self.after = after
    }

    package enum Subject: Sendable {
        case event(RowID, EventFacts)
        /// The listeners of a signal, for one of them that has just begun.
        case signal(String, run: RowID, number: ListenerNumber)
    }

    /// The most listeners of one page.
    package static let page = 1_000

    /// Where to look: a topic of the subject's name, and the key to look for there.
    /// - Parameter paths: all paths under which listeners of the name are kept.
    package func places(_ paths: [String]) -> [(topic: ListenerTopic, key: UInt64)] {
        switch subject {
        case .event(_, let event): event.places(paths)
        case .signal(let name, _, _): [(.signals, ListenerKey.of(signal: name))]
        }
    }

    /// The name whose paths ``places(_:)`` wants to know; empty for a signal.
    package var name: String {
        switch subject {
        case .event(_, let event): event.name
        case .signal: ListenerTopic.signals.name
        }
    }
}

/// A position in the answer to a question.
package struct ListenerCursor: Hashable, Comparable, Sendable {
    package var path: String
    package var run: RowID
    package var number: ListenerNumber

    package init(path: String, run: RowID, number: ListenerNumber) {
        self.path = path
        self.run = run
        self.number = number
    }

    package static func < (left: ListenerCursor, right: ListenerCursor) -> Bool {
        left.path.hasBytes(of: right.path)
            ? (left.run, left.number) < (right.run, right.number) : left.path.precedesInBytes(right.path)
    }
}

/// The next listeners that a subject may concern, by path, run and number.
package struct ListenerPage: Sendable {
    package var subject: ListenerQuestion.Subject
    package var found: [ListenerRow]
    /// The last one, when there may be more.
    package var next: ListenerCursor?

    package init(subject: ListenerQuestion.Subject, found: [ListenerRow], next: ListenerCursor?) {
        self.subject = subject
        self.found = found
        self.next = next
    }
}

extension String {
    /// Whether both are the same bytes, not only the same characters.
    package func hasBytes(of other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    /// The order of the bytes.
    package func precedesInBytes(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
