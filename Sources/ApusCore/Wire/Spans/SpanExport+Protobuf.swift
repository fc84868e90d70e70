extension SpanExport {
    /// Reads the binary form, field by field as `opentelemetry/proto/trace/v1/trace.proto` numbers them; fields that
    /// are not used are skipped.
    public init(protobuf body: [UInt8]) throws(SpanExportError) {
        self.init()
        var request = ProtobufReader(body[...])
        while let field = try request.next() {
            guard field.number == 1 else { continue }
            var resource = ProtobufReader(try field.bytes())
            while let field = try resource.next() {
                guard field.number == 2 else { continue }
                try addGroup(try field.bytes())
            }
        }
    }

    /// `ScopeSpans`
    private mutating func addGroup(_ bytes: ArraySlice<UInt8>) throws(SpanExportError) {
        var scope = ""
        var spans: [ArraySlice<UInt8>] = []
        var group = ProtobufReader(bytes)
        while let field = try group.next() {
            switch field.number {
            case 1:
                var message = ProtobufReader(try field.bytes())
                while let field = try message.next() {
                    if field.number == 1 { scope = try field.text() }
                }
            case 2: spans.append(try field.bytes())
            default: break
            }
        }
        for span in spans { try add(Self.span(span, scope: scope)) }
    }

    /// `Span`
    private static func span(_ bytes: ArraySlice<UInt8>, scope: String) throws(SpanExportError) -> Sent {
        var sent = Sent(span: AppSpan(id: 0, name: "", startedAt: 0, endedAt: 0))
        sent.span.scope = cut(scope)
        var message = ProtobufReader(bytes)
        while let field = try message.next() {
            switch field.number {
            case 2: sent.span.id = id(try field.bytes()) ?? 0
            case 4: sent.span.parent = id(try field.bytes())
            case 5: sent.span.name = cut(try field.text())
            case 6:
                sent.span.kind = AppSpan.Kind(rawValue: Int(truncatingIfNeeded: try field.integer())) ?? .unspecified
            case 7: sent.span.startedAt = Int64(bitPattern: try field.integer())
            case 8: sent.span.endedAt = Int64(bitPattern: try field.integer())
            case 9: sent.attributes.append(try member(try field.bytes(), depth: 0))
            case 15:
                var status = ProtobufReader(try field.bytes())
                while let field = try status.next() {
                    if field.number == 2 { sent.span.message = cut(try field.text()) }
                    if field.number == 3 {
                        let code = Int(truncatingIfNeeded: try field.integer())
                        sent.span.status = AppSpan.Status(rawValue: code) ?? .unset
                    }
                }
            default: break
            }
        }
        return sent
    }

    private static func id(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard bytes.count == 8 else { return nil }
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return value == 0 ? nil : value
    }

    /// `KeyValue`
    private static func member(
        _ bytes: ArraySlice<UInt8>, depth: Int
    ) throws(SpanExportError) -> (key: String, value: RawJSON) {
        var found: (key: String, value: RawJSON) = ("", .null)
        var message = ProtobufReader(bytes)
        while let field = try message.next() {
            if field.number == 1 { found.key = try field.text() }
            if field.number == 2 { found.value = try value(try field.bytes(), depth: depth) }
        }
        return found
    }

    /// `AnyValue`
    private static func value(_ bytes: ArraySlice<UInt8>, depth: Int) throws(SpanExportError) -> RawJSON {
        guard depth < depthLimit else { return .null }
        var writer = JSONWriter()
        var message = ProtobufReader(bytes)
        guard let field = try message.next() else { return .null }
        switch field.number {
        case 1: writer.value(try field.text())
        case 2: writer.value(try field.integer() != 0)
        case 3: writer.value(Int64(bitPattern: try field.integer()))
        case 4: writer.value(Double(bitPattern: try field.integer()))
        case 5:
            var values: [RawJSON] = []
            var list = ProtobufReader(try field.bytes())
            while let field = try list.next() { values.append(try value(try field.bytes(), depth: depth + 1)) }
            writer.array(values) { $1.raw($0) }
        case 6:
            var members: [(key: String, value: RawJSON)] = []
            var list = ProtobufReader(try field.bytes())
            while let field = try list.next() { members.append(try member(try field.bytes(), depth: depth + 1)) }
            return object(members)
        case 7: writer.value(try field.bytes().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        default: return .null
        }
        return writer.finish()
    }
}

/// The wire format of protobuf: numbered fields, one after the other.
struct ProtobufReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    struct Field {
        var number: UInt64
        fileprivate var value: Value

        fileprivate enum Value {
            case integer(UInt64)
            case bytes(ArraySlice<UInt8>)
        }

        /// A varint, or a fixed number of 32 or 64 bits.
        func integer() throws(SpanExportError) -> UInt64 {
            guard case .integer(let value) = value else { throw SpanExportError("field \(number) is no number") }
            return value
        }

        func bytes() throws(SpanExportError) -> ArraySlice<UInt8> {
            guard case .bytes(let value) = value else { throw SpanExportError("field \(number) has no bytes") }
            return value
        }

        func text() throws(SpanExportError) -> String {
            guard let text = String(validating: try bytes(), as: UTF8.self) else {
                throw SpanExportError("field \(number) is not UTF-8")
            }
            return text
        }
    }

    /// The next field; `nil` at the end.
    mutating func next() throws(SpanExportError) -> Field? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        let number = tag >> 3
        switch tag & 7 {
        case 0: return Field(number: number, value: .integer(try varint()))
        case 1: return Field(number: number, value: .integer(Self.littleEndian(try take(8))))
        case 2: return Field(number: number, value: .bytes(try take(try varint())))
        case 5: return Field(number: number, value: .integer(Self.littleEndian(try take(4))))
        default: throw SpanExportError("wire type \(tag & 7) is not known")
        }
    }

    private mutating func varint() throws(SpanExportError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw SpanExportError("it is cut off") }
            value |= shift < 64 ? UInt64(byte & 0x7f) << shift : 0
            if byte & 0x80 == 0 { return value }
        }
        throw SpanExportError("a number is too long")
    }

    private mutating func take(_ count: UInt64) throws(SpanExportError) -> ArraySlice<UInt8> {
        guard let count = Int(exactly: count), count <= rest.count else { throw SpanExportError("it is cut off") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
