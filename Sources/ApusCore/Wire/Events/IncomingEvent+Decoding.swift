extension IncomingEvent {
    /// Events are from 1980-01-01…
    static let earliest = Timestamp(milliseconds: 315_532_800_000)
    /// …to 2100-01-01.
    static let latest = Timestamp(milliseconds: 4_102_444_800_000)
    /// The beginning, in any case, of names that only the server may use.
    static let reservedPrefix = "inngest/"

    /// Decodes and validates an event of a request.
    ///
    /// - Parameter givenName: takes the place of the event's name, which is then not checked.
    init(_ fields: EventFields, named givenName: String? = nil) throws(EventFailure) {
        // All types are checked before any rule, as a sender may rely on which error comes first.
        let name = try fields.string(.name) ?? ""
        let data = try fields.object(.data)?.removing("_inngest") ?? .emptyObject
        let id = try fields.string(.id) ?? ""
        let milliseconds = try fields.integer(.ts) ?? 0
        let version = try fields.string(.v)
        let user = try fields.object(.user) ?? .emptyObject
        let meta = try fields.object(.meta)
        let sessions = try meta.map { meta throws(EventFailure) in try EventSessions(meta: meta) }

        if givenName == nil {
            try IncomingEvent.check(name: name)
        }
        let timestamp = milliseconds == 0 ? nil : Timestamp(milliseconds: milliseconds)
        if let timestamp {
            guard timestamp >= IncomingEvent.earliest else { throw .tooEarly }
            guard timestamp <= IncomingEvent.latest else { throw .tooLate }
        }
        self.init(
            name: givenName ?? name,
            data: data,
            user: user,
            senderID: id.isEmpty ? nil : id,
            timestamp: timestamp,
            version: version.flatMap { $0.isEmpty ? nil : $0 },
            meta: try sessions?.validated()
        )
    }

    private static func check(name: String) throws(EventFailure) {
        let start = name.utf8.prefix(reservedPrefix.utf8.count)
        guard !start.elementsEqual(reservedPrefix.utf8, by: JSONText.sameLetter) else { throw .reservedName(name) }
        guard !name.isEmpty else { throw .emptyName }
    }
}
