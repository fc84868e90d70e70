/// The sessions that an event belongs to: `meta.sessions`, a small map from a key to an id.
///
/// Senders set sessions themselves and pass on those of the run that sends
/// (`meta.propagated_sessions`). Their own win; at most ``limit`` are kept.
struct EventSessions {
    /// The most sessions of one event.
    static let limit = 5
    /// The most bytes of a session's key.
    static let keyBytes = 128
    /// The most bytes of a session's id.
    static let idBytes = 512

    /// Keys are compared as bytes, because texts would be equal in other Unicode forms too.
    private typealias Entry<ID> = (key: [UInt8], id: ID)

    /// Sorted by the bytes of the keys, without duplicates.
    private var entries: [Entry<String>]

    /// Reads and merges both maps of an event's `meta`.
    ///
    /// - Throws: ``EventFailure`` when a value is neither a string nor a number.
    init(meta: RawJSON) throws(EventFailure) {
        let manual = meta.view.member(caseInsensitive: "sessions")
        let propagated = meta.view.member(caseInsensitive: "propagated_sessions")
        let own = try EventSessions.entries(of: manual, field: "sessions", allowsNull: true)
        let inherited = try EventSessions.entries(of: propagated, field: "propagated_sessions", allowsNull: false)
        entries = own.compactMap { key, id in id.map { (key: key, id: $0) } }
        if manual?.isNull != true {
            // A key that the sender set, also to null, is not inherited.
            let set = Set(own.map(\.key))
            for (key, id) in inherited where !set.contains(key) && entries.count < EventSessions.limit {
                guard let id else { continue }
                entries.append((key: key, id: id))
            }
        }
        entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// The entries of one map by the bytes of their keys, which is not the order of canonical objects.
    private static func entries(
        of map: JSONView?,
        field: String,
        allowsNull: Bool
    ) throws(EventFailure) -> [Entry<String?>] {
        guard let map, !map.isNull else { return [] }
        guard map.kind == .object else { throw .wrongType(field: "meta.\(field)", expected: "an object") }
        var ids: [[UInt8]: String?] = [:]
        for member in map.members {
            let key = member.key.string ?? ""
            switch member.value.kind {
            case .string: ids[Array(key.utf8)] = .some(member.value.string)
            case .number: ids[Array(key.utf8)] = .some(member.value.raw.description)
            case .null where allowsNull: ids[Array(key.utf8)] = .some(nil)
            case .object, .array, .bool, .null:
                let types = allowsNull ? "a string, number, or null" : "a string or number"
                throw .session("event session \(quoted(key)) must be \(types)")
            }
        }
        return ids.map { (key: $0.key, id: $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// The `meta` to store, or nil when no session is left.
    ///
    /// - Throws: ``EventFailure`` when there are too many entries, or one is empty or too long.
    func validated() throws(EventFailure) -> RawJSON? {
        guard entries.count <= EventSessions.limit else {
            throw .session("event sessions can include at most \(EventSessions.limit) entries")
        }
        for (key, id) in entries {
            let name = EventSessions.quoted(String(decoding: key, as: UTF8.self))
            guard !key.isEmpty else { throw .session("event session keys cannot be empty") }
            guard key.count <= EventSessions.keyBytes else {
                throw .session("event session key \(name) exceeds \(EventSessions.keyBytes) bytes")
            }
            guard !id.isEmpty else { throw .session("event session \(name) cannot have an empty ID") }
            guard id.utf8.count <= EventSessions.idBytes else {
                throw .session("event session \(name) exceeds \(EventSessions.idBytes) bytes")
            }
        }
        guard !entries.isEmpty else { return nil }
        var writer = JSONWriter(reserving: 128)
        writer.beginObject()
        writer.key("sessions")
        writer.beginObject()
        for (key, id) in entries.sorted(by: { UTF16Order.precedes($0.key, $1.key) }) {
            writer.key(String(decoding: key, as: UTF8.self))
            writer.value(id)
        }
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    private static func quoted(_ key: String) -> String {
        "\"\(key.excerpt())\""
    }
}
