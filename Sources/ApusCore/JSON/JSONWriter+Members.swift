/// Members of objects, each with its key: what is not there is `null`.
extension JSONWriter {
    /// Writes a key and a string.
    public mutating func member(_ key: StaticString, _ value: String?) {
        self.key(key)
        if let value { self.value(value) } else { null() }
    }

    /// Writes a key and a string.
    @_disfavoredOverload
    public mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        if let value { self.value(value) } else { null() }
    }

    /// Writes a key and an integer.
    public mutating func member(_ key: StaticString, _ value: (some BinaryInteger)?) {
        self.key(key)
        if let value { self.value(Int64(clamping: value)) } else { null() }
    }

    /// Writes a key and `true` or `false`.
    public mutating func member(_ key: StaticString, _ value: Bool) {
        self.key(key)
        self.value(value)
    }

    /// Writes a key and a time; see ``Timestamp/rfc3339``.
    public mutating func member(_ key: StaticString, _ value: Timestamp?) {
        self.key(key)
        if let value { self.value(value) } else { null() }
    }

    /// Writes a key and a ULID.
    public mutating func member(_ key: StaticString, _ value: ULID?) {
        self.key(key)
        if let value { self.value(value) } else { null() }
    }

    /// Writes a key and a UUID.
    public mutating func member(_ key: StaticString, _ value: UUID16?) {
        self.key(key)
        if let value { self.value(value) } else { null() }
    }

    /// Writes a key and a finished value.
    public mutating func member(_ key: StaticString, _ value: RawJSON) {
        self.key(key)
        raw(value)
    }

    /// Writes an object.
    public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        beginObject()
        try members(&self)
        endObject()
    }

    /// Writes an array with what `write` makes of each element.
    public mutating func array<Element>(
        _ elements: some Sequence<Element>, _ write: (Element, inout JSONWriter) throws -> Void
    ) rethrows {
        beginArray()
        for element in elements { try write(element, &self) }
        endArray()
    }

    /// Writes an object whose keys are known at run time only, in canonical order.
    public mutating func object<Value>(of members: [String: Value], _ write: (Value, inout JSONWriter) -> Void) {
        object { writer in
            for (key, value) in members.sorted(by: { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }) {
                writer.key(key)
                write(value, &writer)
            }
        }
    }
}
