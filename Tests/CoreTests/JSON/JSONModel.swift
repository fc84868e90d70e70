import ApusCore

/// A JSON value in the most obvious shape, against which the fast code is compared.
indirect enum JSONModel: Equatable {
    case null
    case bool(Bool)
    /// An integer by its digits.
    case integer(String)
    case double(Double)
    /// A string by its UTF-16 code units, so that lone surrogates have a place.
    case string([UInt16])
    case array([JSONModel])
    /// Members as they were written, duplicates included.
    case object([Member])

    struct Member: Equatable {
        var key: [UInt16]
        var value: JSONModel
    }

    /// The members that count, in the order in which they are to be written.
    static func canonical(_ members: [Member]) -> [Member] {
        var last: [[UInt16]: JSONModel] = [:]
        for member in members {
            last[member.key] = member.value
        }
        return last.map { Member(key: $0.key, value: $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// The value without duplicate keys, sorted.
    var canonical: JSONModel {
        switch self {
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(JSONModel.canonical(members).map { Member(key: $0.key, value: $0.value.canonical) })
        default: self
        }
    }

    /// The canonical text.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let digits): digits
        case .double(let value): RawJSON.double(value).description
        case .string(let units): JSONModel.quote(units)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + JSONModel.canonical(members).map { "\(JSONModel.quote($0.key)):\($0.value.text)" }
                .joined(separator: ",") + "}"
        }
    }

    private static func quote(_ units: [UInt16]) -> String {
        var text = "\""
        var index = 0
        while index < units.count {
            let unit = units[index]
            let pair = index + 1 < units.count ? scalar(unit, units[index + 1]) : nil
            if let pair {
                text.unicodeScalars.append(pair)
                index += 1
            } else if let short = [
                "\u{8}": "\\b", "\t": "\\t", "\n": "\\n", "\u{C}": "\\f", "\r": "\\r", "\"": "\\\"", "\\": "\\\\",
            ]
            .first(where: { $0.key.utf16.elementsEqual([unit]) }) {
                text += short.value
            } else if unit < 0x20 || unit & 0xF800 == 0xD800 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else if let scalar = Unicode.Scalar(unit) {
                text.unicodeScalars.append(scalar)
            }
            index += 1
        }
        return text + "\""
    }

    private static func scalar(_ high: UInt16, _ low: UInt16) -> Unicode.Scalar? {
        guard high & 0xFC00 == 0xD800, low & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(high - 0xD800) << 10) + UInt32(low - 0xDC00))
    }
}

extension JSONModel {
    /// What a view shows of a value.
    init?(_ view: JSONView) {
        switch view.kind {
        case .null:
            self = .null
        case .bool:
            guard let value = view.bool else { return nil }
            self = .bool(value)
        case .number:
            let token = String(decoding: view.slice, as: UTF8.self)
            guard let value = view.double, value == Double(token), view.int == Int64(token) else { return nil }
            self = token.contains { ".e".contains($0) } ? .double(value) : .integer(token)
        case .string:
            guard let units = JSONModel.units(view) else { return nil }
            self = .string(units)
        case .array:
            let elements = view.elements.map { JSONModel($0) }
            guard elements.count == view.count, !elements.contains(nil) else { return nil }
            self = .array(elements.compactMap { $0 })
        case .object:
            var members: [Member] = []
            for (key, value) in view.members {
                guard let units = JSONModel.units(key), let value = JSONModel(value) else { return nil }
                if let text = String(validating: units, as: UTF16.self),
                    view[text]?.range != value.sameRange(in: view, text)
                {
                    return nil
                }
                members.append(Member(key: units, value: value))
            }
            guard members.count == view.count else { return nil }
            self = .object(members)
        }
    }

    private func sameRange(in view: JSONView, _ key: String) -> Range<Int>? {
        view.members.first { $0.key.stringEquals(key) && JSONModel($0.value) == self }?.value.range
    }

    /// The code units of a string, read by the slow decoder and compared with what the view says.
    private static func units(_ view: JSONView) -> [UInt16]? {
        guard case .string(let units) = SlowJSONDecoder.decode(Array(view.slice)),
            view.string == String(decoding: units, as: UTF16.self)
        else { return nil }
        return units
    }
}
