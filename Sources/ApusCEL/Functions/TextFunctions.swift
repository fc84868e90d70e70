import ApusCore

/// The functions of texts that no standard has.
enum TextFunctions {
    /// `lowercase` and `uppercase` of something that is no text are empty; `b64decode` gives what is
    /// valid at the start of its text, `json_parse` an empty map for all that is no JSON object.
    static func apply(_ function: Function, _ value: Value) -> Outcome {
        switch function {
        case .lowercase:
            return .value(.string(lowercase(value.text ?? "")))
        case .uppercase:
            return .value(.string(uppercase(value.text ?? "")))
        case .b64decode:
            guard let text = value.text else { return .failed(.noOverload(function.rawValue)) }
            return .value(.string(String(decoding: Base64Text.decodePrefix(text), as: UTF8.self)))
        default:
            guard let text = value.text else { return .failed(.noOverload(function.rawValue)) }
            guard let json = try? RawJSON(parsing: text), json.view.kind == .object else {
                return .value(.json(RawJSON.emptyObject.view))
            }
            return .value(.json(json.view))
        }
    }

    private static func lowercase(_ text: String) -> String {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return map(text) { $0.lowercaseMapping } }
        let bytes = text.utf8.map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func uppercase(_ text: String) -> String {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return map(text) { $0.uppercaseMapping } }
        let bytes = text.utf8.map { $0 &- UInt8(ascii: "a") < 26 ? $0 & ~0x20 : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Maps each character to one, as Go does; mappings to several characters are left out.
    private static func map(_ text: String, _ mapping: (Unicode.Scalar.Properties) -> String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let mapped = mapping(scalar.properties).unicodeScalars
            result.append(mapped.count == 1 ? mapped.first ?? scalar : scalar)
        }
        return String(result)
    }

    /// Whether a text contains another; linear in both (Knuth, Morris, Pratt).
    static func contains(_ text: String, _ needle: String) -> Bool {
        let needle = Array(needle.utf8)
        guard !needle.isEmpty else { return true }
        // For each prefix, the length of the longest other prefix that ends it.
        var borders = [0]
        var length = 0
        for byte in needle.dropFirst() {
            while length > 0, needle[length] != byte {
                length = borders[length - 1]
            }
            length += needle[length] == byte ? 1 : 0
            borders.append(length)
        }
        length = 0
        for byte in text.utf8 {
            while length > 0, needle[length] != byte {
                length = borders[length - 1]
            }
            length += needle[length] == byte ? 1 : 0
            if length == needle.count {
                return true
            }
        }
        return false
    }
}
