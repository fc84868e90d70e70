import ApusCore

/// What an expression can see of one event.
///
/// The JSON is kept as bytes and looked at only where an expression asks. Copies share one object, so
/// that the values are made once and used for every expression about the event.
package struct EventValues: Sendable {
    private final class Storage: Sendable {
        let name: String
        let id: String
        let timestamp: Timestamp
        let version: String?
        let data: MemberIndex
        let user: JSONView
        let sessions: JSONView?

        init(
            name: String, id: String, timestamp: Timestamp, version: String?, data: JSONView, user: JSONView,
            sessions: JSONView?
        ) {
            self.name = name
            self.id = id
            self.timestamp = timestamp
            self.version = version
            self.data = MemberIndex(data)
            self.user = user
            self.sessions = sessions
        }
    }

    private let storage: Storage

    /// Gathers the parts of an event.
    ///
    /// - Parameters:
    ///   - version: `v`; an empty one is missing, like none.
    ///   - data: `data`; an absent one is an empty object.
    ///   - user: `user`; an absent one is an empty object.
    ///   - sessions: `meta.sessions`; without it, `meta` is missing.
    package init(
        name: String,
        id: String,
        timestamp: Timestamp,
        version: String? = nil,
        data: RawJSON = .emptyObject,
        user: RawJSON = .emptyObject,
        sessions: RawJSON? = nil
    ) {
        self.init(
            name: name, id: id, timestamp: timestamp, version: version, data: data.view, user: user.view,
            sessions: sessions?.view)
    }

    /// Gathers the parts of an event whose JSON lies within larger texts.
    package init(
        name: String,
        id: String,
        timestamp: Timestamp,
        version: String?,
        data: JSONView,
        user: JSONView,
        sessions: JSONView?
    ) {
        storage = Storage(
            name: name, id: id, timestamp: timestamp, version: version.flatMap { $0.isEmpty ? nil : $0 }, data: data,
            user: user, sessions: sessions)
    }
}

extension EventValues {
    /// The value at a path, whose variable is not looked at; nil when it is missing.
    ///
    /// - Parameter searched: Grows by about the number of bytes that were searched.
    func value(at path: Path, searched: inout Int) -> Value? {
        let fields = path.fields
        switch path.head {
        case .data:
            guard fields.count > 1 else { return Value(storage.data.object) }
            return storage.data.member(fields[1], searched: &searched).flatMap { member in
                EventValues.value(in: member, fields, from: 2, searched: &searched)
            }
        case .user:
            return EventValues.value(in: storage.user, fields, from: 1, searched: &searched)
        case .name:
            return fields.count == 1 ? .string(storage.name) : nil
        case .id:
            return fields.count == 1 ? .string(storage.id) : nil
        case .timestamp:
            return fields.count == 1 ? .double(Double(storage.timestamp.milliseconds)) : nil
        case .version:
            return fields.count == 1 ? storage.version.map { .string($0) } : nil
        case .meta:
            guard let sessions = storage.sessions else { return nil }
            guard fields.count > 1 else { return meta(sessions) }
            guard fields[1] == "sessions" else { return nil }
            return EventValues.value(in: sessions, fields, from: 2, searched: &searched)
        case .whole:
            return .map(whole)
        case .unknown:
            return nil
        }
    }

    private static func value(
        in json: JSONView, _ fields: [String], from first: Int, searched: inout Int
    ) -> Value? {
        var view = json
        for index in first..<max(first, fields.count) {
            guard let member = view[fields[index]] else {
                searched += view.kind == .object ? view.range.count : 0
                return nil
            }
            searched += member.range.lowerBound - view.range.lowerBound
            view = member
        }
        return Value(view)
    }

    private func meta(_ sessions: JSONView) -> Value {
        .map(ValueMap([ValueMap.Entry(key: .string("sessions"), value: Value(sessions))]))
    }

    /// The event as a map, for expressions that use the variable as a whole.
    private var whole: ValueMap {
        var entries = [
            ValueMap.Entry(key: .string("data"), value: Value(storage.data.object)),
            ValueMap.Entry(key: .string("id"), value: .string(storage.id)),
            ValueMap.Entry(key: .string("name"), value: .string(storage.name)),
            ValueMap.Entry(key: .string("ts"), value: .double(Double(storage.timestamp.milliseconds))),
            ValueMap.Entry(key: .string("user"), value: Value(storage.user)),
        ]
        if let version = storage.version {
            entries.append(ValueMap.Entry(key: .string("v"), value: .string(version)))
        }
        if let sessions = storage.sessions {
            entries.append(ValueMap.Entry(key: .string("meta"), value: meta(sessions)))
        }
        return ValueMap(entries)
    }
}
