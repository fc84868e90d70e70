import ApusCore

/// Where in the JSON of an event's data a property of its type is.
///
/// Swift cannot ask a key path for a name, and the name would not be the one in the JSON when a type has coding keys of
/// its own. So the type itself is asked: it is decoded from made-up data, once as it is and once for each field with
/// only that field changed. The field is the one with whose value the property is equal and changes. A property that is
/// computed from several fields, or decoded into something else, is found to be none.
struct FieldPath: Hashable, Sendable {
    let keys: [String]

    /// What follows `event.data` in an expression: `.user.id`, or `["user id"]` where a key is no name.
    var expression: String {
        keys.map { key in
            FieldPath.isName(key) ? ".\(key)" : "[\(Expression.literal(.string(key)))]"
        }.joined()
    }

    /// - Throws: ``ConfigurationError`` when the property is not the value of exactly one field.
    static func find<Root: Decodable>(_ property: PartialKeyPath<Root>) throws(ConfigurationError) -> FieldPath {
        let base = try probe(property, changing: nil)
        var found: [[String]] = []
        for leaf in base.leaves where leaf.json == base.value {
            let changed = try probe(property, changing: leaf.path)
            let expected = changed.leaves.first { $0.path == leaf.path }?.json
            if changed.value != base.value, changed.value == expected { found.append(leaf.path) }
        }
        guard found.count == 1, let keys = found.first, !keys.isEmpty else {
            throw ConfigurationError(
                """
                \(property) is not the value of one field of the event's data; name the field in an expression instead, \
                as in "event.data.name"
                """
            )
        }
        return FieldPath(keys: keys)
    }

    private static func probe<Root: Decodable>(_ property: PartialKeyPath<Root>, changing path: [String]?)
        throws(ConfigurationError) -> (value: RawJSON, leaves: [ProbeLeaf])
    {
        let probe = Probe(changing: path)
        do {
            let root = try Root(from: ProbeDecoder(probe: probe, path: []))
            guard let value = root[keyPath: property] as? any Encodable else {
                throw ConfigurationError("\(property) cannot be encoded, so no expression can be made of it")
            }
            return (try Coding.encode(value), probe.leaves)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(
                """
                \(property) cannot be made an expression, because \(Root.self) cannot be decoded from made-up data \
                (\(error)); make its enumerations CaseIterable, or name the field in an expression instead, as in \
                "event.data.name"
                """
            )
        }
    }

    private static func isName(_ key: String) -> Bool {
        guard let first = key.utf8.first, decimalDigit(first) == nil, !reserved.contains(key) else { return false }
        return key.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || decimalDigit(byte) != nil
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
    }

    private static let reserved: Set = [
        "in", "true", "false", "null", "as", "break", "const", "continue", "else", "for",
        "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]
}

/// Making expressions.
enum Expression {
    /// A text, number or boolean as the expression language writes it, which is as JSON does.
    static func literal(_ json: RawJSON) -> String { json.description }

    /// Whether a later event has the same value in a field as the one that started the run.
    static func sameField<Root: Decodable>(_ property: PartialKeyPath<Root>) throws(ConfigurationError) -> String {
        let field = try FieldPath.find(property).expression
        return "event.data\(field) == async.data\(field)"
    }
}

private func decimalDigit(_ byte: UInt8) -> UInt8? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? byte - UInt8(ascii: "0") : nil
}
