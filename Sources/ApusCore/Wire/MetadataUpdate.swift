/// A change of what an app has noted under one kind, with a run, a step or an attempt.
///
/// Source: the protocol's `metadata`, which rides along with ops or comes by `POST /v1/runs/{id}/metadata`.
public struct MetadataUpdate: Hashable, Sendable {
    /// What it is about: `userland.…`, or one of ``ownKinds``.
    public var kind: String
    /// What becomes of the values that are there already.
    public var operation: Operation
    /// A JSON object.
    public var values: RawJSON

    /// Makes an update.
    public init(kind: String, operation: Operation, values: RawJSON) {
        self.kind = kind
        self.operation = operation
        self.values = values
    }

    /// What happens to the values that are there already.
    public enum Operation: UInt8, Hashable, Sendable, CaseIterable {
        /// Members of the same name are replaced, others stay.
        case merge = 0
        /// All are replaced.
        case set = 1
        /// Members of the same name go; without any name, all do.
        case delete = 2
        /// Numbers are added up; everything else is replaced.
        case add = 3

        var name: String { String(describing: self) }
    }

    /// The most bytes that a kind may have.
    public static let kindLimit = 128
    /// The most bytes that the values of one update may have.
    public static let valuesLimit = 64 << 10

    /// The kinds of the `inngest.` family that apps may write.
    static let ownKinds: Set<String> = [
        "inngest.ai", "inngest.experiment", "inngest.http", "inngest.http.timing", "inngest.response_headers",
        "inngest.score", "inngest.warnings",
    ]

    /// Reads `{"kind","op","values"}`; further members are left to the caller.
    public init(_ object: JSONView) throws(MetadataProblem) {
        guard object.kind == .object else { throw .invalid("an update is not an object") }
        guard let kind = object["kind"]?.string, !kind.isEmpty else { throw .invalid("kind is missing") }
        guard kind.utf8.count <= Self.kindLimit else {
            throw .invalid("kind \(kind.excerpt()) is longer than \(Self.kindLimit) bytes")
        }
        guard kind.hasPrefix("userland.") || Self.ownKinds.contains(kind) else {
            throw .invalid("kind \(kind.excerpt()) is not one that apps may write; begin it with \"userland.\"")
        }
        let name = object["op"].flatMap { $0.isNull ? "merge" : $0.string } ?? "merge"
        guard let operation = Operation.allCases.first(where: { $0.name == name }) else {
            throw .invalid("op \(name.excerpt()) is none of merge, set, delete, add")
        }
        let values = object["values"].flatMap { $0.isNull ? nil : $0 }
        guard values == nil || values?.kind == .object else { throw .invalid("values is not an object") }
        if let values, values.slice.count > Self.valuesLimit {
            throw .tooLarge("values have more than \(Self.valuesLimit) bytes")
        }
        self.init(kind: kind, operation: operation, values: values?.raw ?? .emptyObject)
    }

    /// What stands under the kind after the update.
    /// - Parameter old: what stood there, an object; `nil` for nothing.
    /// - Returns: `nil` when nothing is left.
    public func applied(to old: RawJSON?) -> RawJSON? {
        var members: [String: RawJSON] = [:]
        for (key, value) in (old ?? .emptyObject).view.members { members[key.string ?? ""] = value.raw }
        switch operation {
        case .set:
            return values
        case .delete:
            guard values.view.count > 0 else { return nil }
            for (key, _) in values.view.members { members[key.string ?? ""] = nil }
            if members.isEmpty { return nil }
        case .merge:
            for (key, value) in values.view.members { members[key.string ?? ""] = value.raw }
        case .add:
            for (key, value) in values.view.members {
                let name = key.string ?? ""
                members[name] = members[name].flatMap { Self.sum($0.view, value) } ?? value.raw
            }
        }
        var writer = JSONWriter(reserving: values.bytes.count + (old?.bytes.count ?? 0))
        writer.object(of: members) { $1.raw($0) }
        return writer.finish()
    }

    private static func sum(_ left: JSONView, _ right: JSONView) -> RawJSON? {
        guard left.kind == .number, right.kind == .number else { return nil }
        var writer = JSONWriter()
        if let left = left.int, let right = right.int, case let (sum, false) = left.addingReportingOverflow(right) {
            writer.value(sum)
        } else if let left = left.double, let right = right.double, (left + right).isFinite {
            writer.value(left + right)
        } else {
            return nil
        }
        return writer.finish()
    }
}

/// Why metadata is not taken.
public enum MetadataProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case invalid(String)
    /// What it is to be noted with is not named rightly.
    case target(String)
    case tooLarge(String)

    /// The reason, for the one who sent it.
    public var description: String {
        switch self {
        case .invalid(let detail): "Invalid metadata: \(detail)"
        case .target(let detail): "Invalid metadata target: \(detail)"
        case .tooLarge(let detail): "Metadata too large: \(detail)"
        }
    }
}
