import ApusCore

/// A JSON decoder that is written to be seen right: RFC 8259 over an array of characters.
struct SlowJSONDecoder {
    private let characters: [Unicode.Scalar]
    private var position = 0

    /// The value of a text, or nil when it is no JSON or has a number out of range.
    static func decode(_ bytes: [UInt8]) -> JSONModel? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var decoder = SlowJSONDecoder(characters: Array(text.unicodeScalars))
        decoder.skipWhitespace()
        guard let value = decoder.value(), decoder.position == decoder.characters.count else { return nil }
        return value
    }

    private init(characters: [Unicode.Scalar]) {
        self.characters = characters
    }

    private var next: Unicode.Scalar? { position < characters.count ? characters[position] : nil }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == character else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while skip(" ") || skip("\t") || skip("\r") || skip("\n") {}
    }

    private mutating func word(_ word: String, _ value: JSONModel) -> JSONModel? {
        word.unicodeScalars.allSatisfy { skip($0) } ? value : nil
    }

    /// Reads a value and the whitespace behind it.
    private mutating func value() -> JSONModel? {
        defer { skipWhitespace() }
        switch next {
        case "{": return object()
        case "[": return array()
        case "\"": return string().map { .string($0) }
        case "t": return word("true", .bool(true))
        case "f": return word("false", .bool(false))
        case "n": return word("null", .null)
        default: return number()
        }
    }

    private mutating func array() -> JSONModel? {
        var elements: [JSONModel] = []
        _ = skip("[")
        skipWhitespace()
        if skip("]") { return .array([]) }
        while true {
            guard let element = value() else { return nil }
            elements.append(element)
            if skip("]") { return .array(elements) }
            guard skip(",") else { return nil }
            skipWhitespace()
        }
    }

    private mutating func object() -> JSONModel? {
        var members: [JSONModel.Member] = []
        _ = skip("{")
        skipWhitespace()
        if skip("}") { return .object([]) }
        while true {
            guard next == "\"", let key = string() else { return nil }
            skipWhitespace()
            guard skip(":") else { return nil }
            skipWhitespace()
            guard let value = value() else { return nil }
            members.append(JSONModel.Member(key: key, value: value))
            if skip("}") { return .object(members) }
            guard skip(",") else { return nil }
            skipWhitespace()
        }
    }

    private mutating func string() -> [UInt16]? {
        var units: [UInt16] = []
        _ = skip("\"")
        while let character = next, character.value >= 0x20 {
            position += 1
            if character == "\"" { return units }
            if character == "\\" {
                guard let unit = escape() else { return nil }
                units.append(unit)
            } else {
                units.append(contentsOf: Character(character).utf16)
            }
        }
        return nil
    }

    private mutating func escape() -> UInt16? {
        guard let character = next else { return nil }
        position += 1
        switch character {
        case "\"", "\\", "/": return UInt16(character.value)
        case "b": return 8
        case "t": return 9
        case "n": return 10
        case "f": return 12
        case "r": return 13
        case "u":
            let digits = characters[position...].prefix(4)
            guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
            position += 4
            return UInt16(String(String.UnicodeScalarView(digits)), radix: 16)
        default: return nil
        }
    }

    private mutating func number() -> JSONModel? {
        let start = position
        _ = skip("-")
        if !skip("0") {
            guard digits() else { return nil }
        }
        var isInteger = true
        if skip(".") {
            isInteger = false
            guard digits() else { return nil }
        }
        if skip("e") || skip("E") {
            isInteger = false
            _ = skip("+") || skip("-")
            guard digits() else { return nil }
        }
        let token = String(String.UnicodeScalarView(characters[start..<position]))
        guard let value = Double(token), value.isFinite else { return nil }
        if isInteger {
            return .integer(token == "-0" ? "0" : token)
        }
        let printed = RawJSON.double(value).description
        return printed.contains { ".e".contains($0) } ? .double(value) : .integer(printed)
    }

    private mutating func digits() -> Bool {
        let start = position
        while let character = next, ("0"..."9").contains(character) {
            position += 1
        }
        return position > start
    }
}
