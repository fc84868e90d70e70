import ApusCore
import HTTPTypes
import Hummingbird

/// The members of a request's JSON object. One that nobody knows is refused, so that a misspelt one is not taken
/// for left out; `null` means left out.
struct BodyFields {
    private var members: [String: JSONView] = [:]

    /// - Parameter body: nothing at all is as good as `{}`.
    init(_ body: [UInt8], known: [String]) throws(HTTPError) {
        guard !body.isEmpty else {
            try self.init(RawJSON.emptyObject.view, known: known)
            return
        }
        guard let json = try? RawJSON(parsing: body), json.view.kind == .object else {
            throw HTTPError(.badRequest, message: "The body must be a JSON object")
        }
        try self.init(json.view, known: known)
    }

    /// - Parameter path: where the object stands, for errors.
    init(_ object: JSONView, known: [String], at path: String = "") throws(HTTPError) {
        guard object.kind == .object else {
            throw HTTPError(.badRequest, message: "\(path) must be an object")
        }
        for member in object.members where !member.value.isNull {
            let name = member.key.string ?? ""
            guard known.contains(name) else {
                let place = path.isEmpty ? "" : " of \(path)"
                throw HTTPError(
                    .badRequest,
                    message: "\(name.excerpt()) is no field\(place); the fields are \(known.joined(separator: ", "))"
                )
            }
            members[name] = member.value
        }
    }

    subscript(name: String) -> JSONView? { members[name] }

    func string(_ name: String) throws(HTTPError) -> String? {
        try value(name, "a string") { $0.string }
    }

    func int(_ name: String, in range: ClosedRange<Int>) throws(HTTPError) -> Int? {
        try value(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { view in
            view.int.flatMap { range.contains(Int($0)) ? Int($0) : nil }
        }
    }

    func flag(_ name: String) throws(HTTPError) -> Bool? {
        try value(name, "true or false") { $0.bool }
    }

    func time(_ name: String) throws(HTTPError) -> Timestamp? {
        try value(name, "an RFC 3339 time") { $0.string.flatMap { DateText.parse($0) } }
    }

    func array(_ name: String) throws(HTTPError) -> RawJSON? {
        try value(name, "an array") { $0.kind == .array ? $0.raw : nil }
    }

    private func value<Value>(
        _ name: String, _ what: String, _ read: (JSONView) -> Value?
    ) throws(HTTPError) -> Value? {
        guard let view = members[name] else { return nil }
        guard let value = read(view) else { throw HTTPError(.badRequest, message: "\(name) must be \(what)") }
        return value
    }
}
