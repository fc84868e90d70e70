import ApusCore
import Synchronization

/// The members of an object, found by searching the first time and through a table from then on.
///
/// Most events are asked once or twice; those that many waits look at are worth the table.
final class MemberIndex: Sendable {
    private enum State {
        case unused
        case searched
        case table([ExactText: JSONView])
    }

    /// Sizes of objects for which a table pays, in bytes.
    private static let worthwhile = 128...(256 << 10)

    /// The object; any other value has no members.
    let object: JSONView
    private let state = Mutex(State.unused)

    init(_ object: JSONView) {
        self.object = object
    }

    /// The value of a member.
    ///
    /// - Parameter searched: Grows by the number of bytes that a search looks at, also where the table
    ///   makes it unnecessary, so that the cost of an expression is always the same.
    func member(_ name: String, searched: inout Int) -> JSONView? {
        let member = found(name)
        searched += (member?.range.lowerBound ?? object.range.upperBound) - object.range.lowerBound
        return member
    }

    private func found(_ name: String) -> JSONView? {
        guard MemberIndex.worthwhile.contains(object.range.count) else { return object[name] }
        let found: JSONView?? = state.withLock { state in
            switch state {
            case .unused:
                state = .searched
                return .none
            case .searched:
                let table = MemberIndex.table(of: object)
                state = .table(table)
                return .some(table[ExactText(text: name)])
            case .table(let table):
                return .some(table[ExactText(text: name)])
            }
        }
        return found ?? object[name]
    }

    private static func table(of object: JSONView) -> [ExactText: JSONView] {
        var table: [ExactText: JSONView] = [:]
        for member in object.members {
            table[ExactText(text: member.key.string ?? "")] = member.value
        }
        return table
    }
}

/// A text that equals only those with the same characters, unlike the standard library's, for which
/// different spellings of one character are equal.
struct ExactText: Hashable, Sendable {
    var text: String

    static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.isSame(as: right.text)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
