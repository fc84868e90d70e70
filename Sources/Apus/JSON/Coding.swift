import ApusCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How values become JSON and back: results of steps, events, results of functions.
///
/// Dates are RFC 3339 texts, as every other SDK writes them; data is base64. Strings, numbers and booleans, which most
/// results are, take a way of their own that costs a fraction.
package enum Coding {
    /// - Throws: `EncodingError`.
    package static func encode<Value: Encodable>(_ value: Value) throws -> RawJSON {
        if let scalar = scalar(value) { return scalar }
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(Timestamp(date).rfc3339)
        }
        let data = try encoder.encode(value)
        do {
            return try RawJSON(parsing: Array(data))
        } catch {
            let context = EncodingError.Context(codingPath: [], debugDescription: error.description)
            throw EncodingError.invalidValue(value, context)
        }
    }

    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from json: JSONView) throws -> Value {
        if let scalar = scalar(type, from: json) { return scalar }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let time = DateText.parseRFC3339(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "\(text.excerpt()) is no date such as 2026-11-21T07:18:45.923Z"
                )
            }
            return Date(time)
        }
        return try decoder.decode(type, from: Data(json.slice))
    }

    private static func scalar<Value>(_ value: Value) -> RawJSON? {
        if Value.self == String.self, let text = value as? String { return .string(text) }
        if Value.self == Int.self, let number = value as? Int { return .int(Int64(number)) }
        if Value.self == Bool.self, let flag = value as? Bool { return .bool(flag) }
        return nil
    }

    private static func scalar<Value>(_ type: Value.Type, from json: JSONView) -> Value? {
        if type == String.self { return json.string.map(same) }
        if type == Int.self { return json.int.flatMap { Int(exactly: $0) }.map(same) }
        if type == Bool.self { return json.bool.map(same) }
        if type == Double.self { return json.double.map(same) }
        return nil
    }

    /// A value as the type that it has; a cast would look both up.
    private static func same<Known, Value>(_ value: Known) -> Value {
        assert(Known.self == Value.self)
        return unsafeBitCast(value, to: Value.self)
    }
}

extension Timestamp {
    /// The instant, to the millisecond below it.
    package init(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1_000).rounded(.down)
        self.init(milliseconds: Int64(exactly: milliseconds) ?? (milliseconds < 0 ? .min : .max))
    }

    /// Now.
    static var now: Timestamp { Timestamp(Date()) }
}

extension Date {
    /// The same instant.
    package init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.milliseconds) / 1_000)
    }
}
