import ApusCore

/// How people want a schedule to be treated. Kept for as long as its function keeps the expression.
package struct ScheduleSettings: Hashable, Sendable {
    /// Since when its ticks do not happen; `nil` while they do.
    package var pausedAt: Timestamp?
    /// `nil` until somebody has chosen.
    package var catchUp: CatchUp?
    package var overlap: Overlap

    package init(pausedAt: Timestamp? = nil, catchUp: CatchUp? = nil, overlap: Overlap = .allow) {
        self.pausedAt = pausedAt
        self.catchUp = catchUp
        self.overlap = overlap
    }
}

/// Which of the ticks that were missed are made up for.
package enum CatchUp: UInt8, Hashable, Sendable, NamedCase {
    case skip = 0
    case latest = 1
    /// Up to ``Limits/missedTicks`` of them, the newest.
    case all = 2

    package var name: String { "\(self)" }
}

/// What becomes of a tick that comes while the run of the one before still lives.
package enum Overlap: UInt8, Hashable, Sendable, NamedCase {
    case allow = 0
    case skip = 1
    /// The run that lives is cancelled.
    case cancelPrevious = 2
    /// It waits for the run's end; of several the first, the others are skipped.
    case bufferOne = 3

    package var name: String {
        switch self {
        case .allow: "allow"
        case .skip: "skip"
        case .cancelPrevious: "cancel_previous"
        case .bufferOne: "buffer_one"
        }
    }
}

/// What somebody wants to be different about a schedule; what is `nil` stays.
package struct ScheduleChange: Hashable, Sendable {
    package var isPaused: Bool?
    package var catchUp: Choice<CatchUp>?
    package var overlap: Overlap?

    /// A choice that can be taken back.
    package enum Choice<Value: Hashable & Sendable>: Hashable, Sendable {
        case unset
        case set(Value)

        var value: Value? { if case .set(let value) = self { value } else { nil } }
    }

    package init(isPaused: Bool? = nil, catchUp: Choice<CatchUp>? = nil, overlap: Overlap? = nil) {
        self.isPaused = isPaused
        self.catchUp = catchUp
        self.overlap = overlap
    }

    /// From `{"paused": true, "catch_up": "latest", "overlap": "skip"}`.
    /// - Throws: ``ScheduleChangeError`` that names the field.
    package init(_ json: RawJSON) throws(ScheduleChangeError) {
        guard json.view.kind == .object else { throw ScheduleChangeError("the body must be a JSON object") }
        for member in json.view.members {
            let value = member.value
            switch member.key.string ?? "" {
            case "paused":
                guard let isPaused = value.bool else { throw ScheduleChangeError("paused must be true or false") }
                self.isPaused = isPaused
            case "catch_up":
                if value.isNull {
                    catchUp = .unset
                } else if let policy = value.string.flatMap(CatchUp.init(name:)) {
                    catchUp = .set(policy)
                } else {
                    throw ScheduleChangeError("catch_up must be skip, latest, all or null")
                }
            case "overlap":
                guard let policy = value.isNull ? .allow : value.string.flatMap(Overlap.init(name:)) else {
                    throw ScheduleChangeError(
                        "overlap must be \(Overlap.allCases.map(\.name).joined(separator: ", ")) or null"
                    )
                }
                overlap = policy
            case let name:
                throw ScheduleChangeError("\(name.excerpt()) is no field; the fields are paused, catch_up, overlap")
            }
        }
    }
}

/// What is wrong with a wish.
package struct ScheduleChangeError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
