/// A variable and the fields that lead to a value below it, for example `async.data.userId`.
package struct Path: Hashable, Sendable, CustomStringConvertible {
    /// The variables that exist.
    package enum Variable: String, Hashable, Sendable {
        /// The event that triggered the run.
        case event
        /// The event that a wait or a cancellation looks at.
        case async
        /// Always missing; declared because the protocol's other server declares it.
        case vars
    }

    /// The variable.
    package let variable: Variable
    /// The fields, the outermost first; empty for the variable itself.
    package let fields: [String]
    /// Which part of an event the first field names.
    let head: Head

    /// The parts of an event.
    enum Head: Hashable, Sendable {
        case whole, name, id, timestamp, version, data, user, meta, unknown
    }

    /// Makes a path.
    package init(_ variable: Variable, _ fields: [String]) {
        self.variable = variable
        self.fields = fields
        head =
            switch fields.first {
            case nil: .whole
            case "name": .name
            case "id": .id
            case "ts": .timestamp
            case "v": .version
            case "data": .data
            case "user": .user
            case "meta": .meta
            default: .unknown
            }
    }

    /// The path to a field of the value at this path.
    func appending(_ field: String) -> Path { Path(variable, fields + [field]) }

    /// For example `async.data.userId`.
    package var description: String { ([variable.rawValue] + fields).joined(separator: ".") }
}
