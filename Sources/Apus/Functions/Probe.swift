import ApusCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A field that a type has read from made-up data, and what it got.
struct ProbeLeaf {
    let path: [String]
    let json: RawJSON
}

/// Made-up data for any type, of which one field can be another one than usual.
final class Probe {
    private let changed: [String]?
    fileprivate(set) var leaves: [ProbeLeaf] = []

    init(changing path: [String]?) {
        changed = path
    }

    func leaf<Value>(_ path: [String], _ values: (Value, Value), _ json: (Value) throws -> RawJSON) throws -> Value {
        guard leaves.count < 1_000 else { throw ProbeError("it has more than 1000 fields") }
        let value = path == changed ? values.1 : values.0
        leaves.append(ProbeLeaf(path: path, json: try json(value)))
        return value
    }

    func leaf<Value: Encodable>(_ path: [String], _ first: Value, _ second: Value) throws -> Value {
        try leaf(path, (first, second)) { try Coding.encode($0) }
    }

    /// A value of any type.
    func value<Value: Decodable>(_ type: Value.Type, _ path: [String]) throws -> Value {
        guard path.count < 32 else { throw ProbeError("it is nested too deeply") }
        let known: (any Decodable)? =
            switch type {
            case is Date.Type: try leaf(path, Date(timeIntervalSince1970: 1), Date(timeIntervalSince1970: 2))
            case is UUID.Type: try leaf(path, UUID(probe: 1), UUID(probe: 2))
            case is Data.Type: try leaf(path, Data([1]), Data([2]))
            case is Decimal.Type: try leaf(path, Decimal(1), Decimal(2))
            case is URL.Type: try url(path)
            default: try oneOfItsCases(type, path)
            }
        if let known = known as? Value { return known }
        return try Value(from: ProbeDecoder(probe: self, path: path))
    }

    private func url(_ path: [String]) throws -> URL? {
        guard let first = URL(string: "https://a.example"), let second = URL(string: "https://b.example") else {
            return nil
        }
        return try leaf(path, first, second)
    }

    private func oneOfItsCases<Value: Decodable>(_ type: Value.Type, _ path: [String]) throws -> (any Decodable)? {
        guard let type = type as? any (CaseIterable & Decodable).Type else { return nil }
        return try oneOfItsCases(of: type, path)
    }

    private func oneOfItsCases<Value: CaseIterable & Decodable>(of type: Value.Type, _ path: [String]) throws
        -> (any Decodable)?
    {
        guard let first = type.allCases.first else { return nil }
        return try leaf(path, (first, type.allCases.dropFirst().first ?? first)) { value in
            if let value = value as? any Encodable { try Coding.encode(value) } else { .null }
        }
    }
}

struct ProbeError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension UUID {
    fileprivate init(probe: UInt8) {
        self.init(uuid: (probe, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, probe))
    }
}

/// A decoder that makes up what it is asked for.
struct ProbeDecoder: Decoder, SingleValueDecodingContainer {
    let probe: Probe
    let path: [String]

    var codingPath: [any CodingKey] { path.map { ProbeKey(stringValue: $0) } }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ProbeFields(probe: probe, path: path))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { ProbeElements(probe: probe, path: path) }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { false }
    func decode(_ type: Bool.Type) throws -> Bool { try probe.leaf(path, false, true) }
    func decode(_ type: String.Type) throws -> String { try probe.leaf(path, "a", "b") }
    func decode(_ type: Double.Type) throws -> Double { try probe.leaf(path, 1, 2) }
    func decode(_ type: Float.Type) throws -> Float { try probe.leaf(path, 1, 2) }
    func decode(_ type: Int.Type) throws -> Int { try probe.leaf(path, 1, 2) }
    func decode(_ type: Int8.Type) throws -> Int8 { try probe.leaf(path, 1, 2) }
    func decode(_ type: Int16.Type) throws -> Int16 { try probe.leaf(path, 1, 2) }
    func decode(_ type: Int32.Type) throws -> Int32 { try probe.leaf(path, 1, 2) }
    func decode(_ type: Int64.Type) throws -> Int64 { try probe.leaf(path, 1, 2) }
    func decode(_ type: UInt.Type) throws -> UInt { try probe.leaf(path, 1, 2) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try probe.leaf(path, 1, 2) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try probe.leaf(path, 1, 2) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try probe.leaf(path, 1, 2) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try probe.leaf(path, 1, 2) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try probe.value(type, path) }
}

private struct ProbeKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}

/// An object that has every field that is asked for.
private struct ProbeFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: Probe
    let path: [String]

    var codingPath: [any CodingKey] { path.map { ProbeKey(stringValue: $0) } }
    var allKeys: [Key] { [] }

    // A type that holds itself comes to an end.
    func contains(_ key: Key) -> Bool { path.count < 8 }
    func decodeNil(forKey key: Key) -> Bool { path.count >= 8 }

    private func at(_ key: Key) -> ProbeDecoder { ProbeDecoder(probe: probe, path: path + [key.stringValue]) }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try at(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try at(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try at(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try at(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try at(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try at(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try at(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try at(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try at(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try at(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try at(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try at(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try at(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try at(key).decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try at(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
        -> KeyedDecodingContainer<Nested>
    {
        at(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { at(key).unkeyedContainer() }
    func superDecoder() -> any Decoder { ProbeDecoder(probe: probe, path: path + ["super"]) }
    func superDecoder(forKey key: Key) -> any Decoder { at(key) }
}

/// An empty array: an element has no place that an expression could name.
private struct ProbeElements: UnkeyedDecodingContainer {
    let probe: Probe
    let path: [String]

    var codingPath: [any CodingKey] { path.map { ProbeKey(stringValue: $0) } }
    var count: Int? { 0 }
    var isAtEnd: Bool { true }
    var currentIndex: Int { 0 }

    private var end: DecodingError {
        .valueNotFound(Any.self, .init(codingPath: codingPath, debugDescription: "the array is empty"))
    }

    func decodeNil() throws -> Bool { throw end }
    func decode(_ type: Bool.Type) throws -> Bool { throw end }
    func decode(_ type: String.Type) throws -> String { throw end }
    func decode(_ type: Double.Type) throws -> Double { throw end }
    func decode(_ type: Float.Type) throws -> Float { throw end }
    func decode(_ type: Int.Type) throws -> Int { throw end }
    func decode(_ type: Int8.Type) throws -> Int8 { throw end }
    func decode(_ type: Int16.Type) throws -> Int16 { throw end }
    func decode(_ type: Int32.Type) throws -> Int32 { throw end }
    func decode(_ type: Int64.Type) throws -> Int64 { throw end }
    func decode(_ type: UInt.Type) throws -> UInt { throw end }
    func decode(_ type: UInt8.Type) throws -> UInt8 { throw end }
    func decode(_ type: UInt16.Type) throws -> UInt16 { throw end }
    func decode(_ type: UInt32.Type) throws -> UInt32 { throw end }
    func decode(_ type: UInt64.Type) throws -> UInt64 { throw end }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { throw end }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        throw end
    }
    func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { throw end }
    func superDecoder() throws -> any Decoder { throw end }
}
