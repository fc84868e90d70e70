import ApusCEL
import ApusCore

/// What is left of a listener's condition when the values of the run's event are put in.
enum BoundCondition {
    /// Every event of the name will do.
    case always
    /// None ever will.
    case never
    case when(Expression)

    /// - Parameter event: the stored body of the event that started the run.
    init(_ condition: Expression?, event: RawJSON) {
        guard let condition else {
            self = .always
            return
        }
        // What cannot be evaluated never holds.
        guard let bound = try? condition.bound(to: EventValues(stored: event)) else {
            self = .never
            return
        }
        switch bound.constant {
        case true?: self = .always
        case false?: self = .never
        case nil: self = .when(bound)
        }
    }

    /// As the journal and the store keep it.
    var text: String? {
        switch self {
        case .always: nil
        case .never: Listener.never
        case .when(let expression): expression.source
        }
    }

    /// The keys that an event must have to match, by path.
    var keys: [(path: String, key: UInt64)] {
        if case .when(let expression) = self { ListenerKey.keys(of: expression) } else { [] }
    }
}
