import ApusCore

extension RawJSON {
    /// An object of those members that have a value.
    package static func object(_ members: KeyValuePairs<String, RawJSON?>) -> RawJSON {
        object(members.compactMap { key, value in value.map { (key, $0) } })
    }

    /// An object; of equal keys the last counts.
    package static func object(_ members: some Sequence<(String, RawJSON)>) -> RawJSON {
        var writer = JSONWriter()
        writer.object { writer in
            for (key, value) in members {
                writer.key(key)
                writer.raw(value)
            }
        }
        return (try? RawJSON(parsing: writer.bytes)) ?? .emptyObject
    }

    /// An array.
    package static func array(_ elements: [RawJSON]) -> RawJSON {
        var writer = JSONWriter()
        writer.array(elements) { element, writer in writer.raw(element) }
        return writer.finish()
    }

    /// A length of time as the protocol writes it.
    static func duration(_ duration: Duration) -> RawJSON { .string(TimeSpan(duration).description) }

    /// An object with one more member, or another value of one that it has.
    package func adding(_ name: String, _ value: RawJSON) -> RawJSON {
        .object(members + [(name, value)])
    }

    /// An object without a member.
    func removing(_ name: String) -> RawJSON {
        .object(members.filter { $0.0 != name })
    }

    private var members: [(String, RawJSON)] {
        view.members.map { key, value in (key.string ?? "", value.raw) }
    }
}
