/// Where the fields of one event are in the body of its request.
struct EventFields {
    /// The fields that are read; the raw value is the key's letters in lower case, packed.
    enum Key: UInt32, CaseIterable {
        case name = 0x6E61_6D65
        case data = 0x6461_7461
        case id = 0x6964
        case ts = 0x7473
        case v = 0x76
        case user = 0x7573_6572
        case meta = 0x6D65_7461

        /// The field with a key, in any case of its letters.
        init?(letters: some Collection<UInt8>) {
            guard letters.count <= 4 else { return nil }
            self.init(rawValue: letters.reduce(0) { $0 << 8 | UInt32($1 | 0x20) })
        }
    }

    /// The event's object.
    var range = 0..<0
    /// The request.
    let body: [UInt8]

    private var name: Range<Int>?
    private var data: Range<Int>?
    private var id: Range<Int>?
    private var ts: Range<Int>?
    private var v: Range<Int>?
    private var user: Range<Int>?
    private var meta: Range<Int>?

    /// An event without fields.
    init(body: [UInt8]) {
        self.body = body
    }

    /// Where the value of a field is, if the event has it.
    subscript(key: Key) -> Range<Int>? {
        get {
            switch key {
            case .name: name
            case .data: data
            case .id: id
            case .ts: ts
            case .v: v
            case .user: user
            case .meta: meta
            }
        }
        set {
            switch key {
            case .name: name = newValue
            case .data: data = newValue
            case .id: id = newValue
            case .ts: ts = newValue
            case .v: v = newValue
            case .user: user = newValue
            case .meta: meta = newValue
            }
        }
    }

    /// Notes a member. Of fields that occur twice the last counts; what does not count is only validated.
    ///
    /// - Parameters:
    ///   - key: where the key is, with its quotes.
    ///   - value: where the value is.
    mutating func set(_ key: Range<Int>, to value: Range<Int>) throws(EventFailure) {
        guard let field = try field(key) else {
            _ = try json(value)
            return
        }
        if let previous = self[field] {
            _ = try json(previous)
        }
        self[field] = value
    }

    private func field(_ key: Range<Int>) throws(EventFailure) -> Key? {
        if let field = Key(letters: body[key].dropFirst().dropLast()) {
            return field
        }
        // Whether the key is well formed at all, and what it is without its escapes.
        return Key(letters: Array((try json(key).view.string ?? "").utf8))
    }
}

// MARK: - Values

extension EventFields {
    /// The canonical form of a part of the body.
    func json(_ range: Range<Int>) throws(EventFailure) -> RawJSON {
        do {
            return try RawJSON(parsing: body[range])
        } catch {
            throw .malformed(error, base: range.lowerBound)
        }
    }

    /// An object; nil when absent or null.
    func object(_ key: Key) throws(EventFailure) -> RawJSON? {
        guard let range = self[key] else { return nil }
        // Most senders write an empty `user`.
        if range.count == 2, body[range.lowerBound] == UInt8(ascii: "{"),
            body[range.lowerBound + 1] == UInt8(ascii: "}")
        {
            return .emptyObject
        }
        let value = try json(range)
        switch value.view.kind {
        case .object: return value
        case .null: return nil
        default: throw .wrongType(field: "\(key)", expected: "an object")
        }
    }

    /// A string; nil when absent or null.
    func string(_ key: Key) throws(EventFailure) -> String? {
        guard let range = self[key] else { return nil }
        if let text = plainString(range) {
            return text
        }
        let value = try json(range).view
        if value.isNull {
            return nil
        }
        guard let text = value.string else { throw .wrongType(field: "\(key)", expected: "a string") }
        return text
    }

    /// The text of a string of printable ASCII without escapes, which needs no parser.
    private func plainString(_ range: Range<Int>) -> String? {
        guard range.count >= 2, body[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        let contents = body[range].dropFirst().dropLast()
        let isPlain = contents.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        guard isPlain, body[range.upperBound - 1] == UInt8(ascii: "\"") else { return nil }
        return String(decoding: contents, as: UTF8.self)
    }

    /// An integer, written as digits only; nil when absent or null.
    func integer(_ key: Key) throws(EventFailure) -> Int64? {
        guard let range = self[key] else { return nil }
        if let number = plainInteger(range) {
            return number
        }
        let value = try json(range).view
        if value.isNull {
            return nil
        }
        // The canonical form would hide that 1.0 or 1e3 was written.
        let isPlain = body[range].allSatisfy { byte in
            decimalDigit(byte) != nil || byte == UInt8(ascii: "-") || byte <= 0x20
        }
        guard isPlain, let number = value.int else { throw .wrongType(field: "\(key)", expected: "an integer") }
        return number
    }

    /// The value of a positive integer below 10^18, which needs no parser.
    private func plainInteger(_ range: Range<Int>) -> Int64? {
        guard (1...18).contains(range.count), body[range.lowerBound] != UInt8(ascii: "0") else { return nil }
        var number: Int64 = 0
        for byte in body[range] {
            guard let digit = decimalDigit(byte) else { return nil }
            number = number * 10 + Int64(digit)
        }
        return number
    }
}
