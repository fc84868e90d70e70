/// Reads the list of ops with which an app answers a call (status 206).
struct OpDecoder {
    let limits: ReplyLimits

    /// The ops of a body: an array of them, or one on its own. Stops one past ``ReplyLimits/opsPerReply``.
    ///
    /// - Throws: ``OpDecodingError``; one bad op spoils the whole list.
    func decode(_ body: [UInt8]) throws(OpDecodingError) -> [Op] {
        guard !body.isEmpty else { throw .empty }
        let list: JSONView
        do {
            list = try RawJSON(parsing: body).view
        } catch {
            throw OpDecoder.startsContainer(body) ? .malformed(error.description) : .notAList
        }
        switch list.kind {
        case .object:
            return [try op(list, index: 0)]
        case .array:
            return try decode(list)
        case .string, .number, .bool, .null:
            throw .notAList
        }
    }

    /// The ops of a list that has been read already.
    func decode(_ list: JSONView) throws(OpDecodingError) -> [Op] {
        var ops: [Op] = []
        for element in list.elements {
            guard ops.count <= limits.opsPerReply else { break }
            ops.append(try op(element, index: ops.count))
        }
        return ops
    }

    private static func startsContainer(_ body: [UInt8]) -> Bool {
        let first = body.first { $0 > 0x20 }
        return first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
    }

    private func op(_ value: JSONView, index: Int) throws(OpDecodingError) -> Op {
        guard value.kind == .object else { throw .malformed("op \(index) is not an object") }
        let fields = OpFields(value)
        guard let kindName = fields.op?.string else { throw .malformed("op \(index) has no name in \"op\"") }
        guard let kind = Op.Kind(wireName: kindName) else { throw .unknownKind(kindName) }
        let idText = try text(fields.id, "id", index: index)
        guard let id = StepID(idText) else {
            throw .invalid(id: idText, reason: "the id is longer than \(StepID.limit) bytes")
        }
        let name = try text(fields.name, "name", index: index)
        try check(fields.options, of: kind, id: idText)
        if let data = fields.data, data.slice.count > limits.stepOutputBytes {
            throw .invalid(id: idText, reason: "step output size is greater than the limit")
        }
        let error = fields.error.flatMap(StepFailure.reduced)
        if kind == .stepError || kind == .stepFailed, error == nil {
            throw .missingError(kind, id: idText)
        }
        return Op(
            kind: kind,
            id: id,
            name: name,
            displayName: displayName(fields, name: name, id: idText),
            options: fields.options?.raw,
            data: fields.data?.raw,
            error: error,
            metadata: fields.metadata?.raw
        )
    }

    /// A text field, of which null means the same as absence.
    private func text(_ value: JSONView?, _ field: String, index: Int) throws(OpDecodingError) -> String {
        guard let value, !value.isNull else { return "" }
        guard let text = value.string else { throw .malformed("\"\(field)\" of op \(index) is not a string") }
        return text
    }

    private func check(_ options: JSONView?, of kind: Op.Kind, id: String) throws(OpDecodingError) {
        guard let options else { return }
        guard options.kind == .object else { throw .invalid(id: id, reason: "opts is not an object") }
        // The input of a deferred run is an object of its own kind; defers never fail a reply.
        guard !kind.isLazy, let input = options["input"], !input.isNull else { return }
        guard input.kind == .array else { throw .invalid(id: id, reason: "step input is not an array") }
        if input.slice.count > limits.stepInputBytes {
            throw .invalid(id: id, reason: "step input size is greater than the limit")
        }
    }

    private func displayName(_ fields: OpFields, name: String, id: String) -> String {
        let names = [fields.displayName?.string, name, fields.userland?["id"]?.string]
        let text = names.lazy.compactMap(\.self).first { !$0.isEmpty } ?? id
        return text.utf8.count > limits.displayNameBytes ? text.prefix(bytes: limits.displayNameBytes) : text
    }
}

/// The members of an op that are read, found in one walk because `data` may be large.
private struct OpFields {
    var op: JSONView?
    var id: JSONView?
    var name: JSONView?
    var displayName: JSONView?
    var userland: JSONView?
    var data: JSONView?
    /// Nil also when null.
    var options: JSONView?
    /// Nil also when null.
    var error: JSONView?
    /// Nil also when null.
    var metadata: JSONView?

    init(_ object: JSONView) {
        for (key, value) in object.members {
            if key.stringEquals("op") {
                op = value
            } else if key.stringEquals("id") {
                id = value
            } else if key.stringEquals("name") {
                name = value
            } else if key.stringEquals("displayName") {
                displayName = value
            } else if key.stringEquals("userland") {
                userland = value
            } else if key.stringEquals("data") {
                data = value
            } else if key.stringEquals("opts") {
                options = value.isNull ? nil : value
            } else if key.stringEquals("error") {
                error = value.isNull ? nil : value
            } else if key.stringEquals("metadata") {
                metadata = value.isNull ? nil : value
            }
        }
    }
}

/// Why a list of ops is rejected as a whole. The texts are those of the protocol's other server.
enum OpDecodingError: Error, Hashable, CustomStringConvertible {
    /// There is no body.
    case empty
    /// The body does not start with `{` or `[`.
    case notAList
    /// The body is not JSON, or a field has the wrong type.
    case malformed(String)
    /// No op has this name.
    case unknownKind(String)
    /// An op breaks a rule or a limit.
    case invalid(id: String, reason: String)
    /// An op that reports a failure does not say which.
    case missingError(Op.Kind, id: String)

    var description: String {
        switch self {
        case .empty:
            "no response data"
        case .notAList:
            "error reading generator opcode response: expected JSON object or array"
        case .malformed(let detail):
            "error reading generator opcode response: \(detail)"
        case .unknownKind(let name):
            "error reading generator opcode response: \(name.excerpt()) does not belong to Opcode values"
        case .invalid(let id, let reason):
            "error validating generator opcode \(id.excerpt()): \(reason)"
        case .missingError(let kind, let id):
            "Opcode\(kind.rawValue) received without Error field set: \(id.excerpt())"
        }
    }
}

extension Op.Kind {
    private static let byWireName: [String: Op.Kind] = {
        var kinds: [String: Op.Kind] = [:]
        for kind in allCases {
            kinds[kind.rawValue] = kind
            kinds[kind.rawValue.lowercased()] = kind
        }
        return kinds
    }()

    /// The op with a name as written in the protocol or in all lower case; nil for any other name.
    init?(wireName: String) {
        guard let kind = Op.Kind.byWireName[wireName] else { return nil }
        self = kind
    }
}
