/// An event as a sender wrote it, validated, before the server gave it its internal id.
public struct IncomingEvent: Hashable, Sendable {
    /// Non-empty; senders may not use names that begin with `inngest/`.
    public var name: String
    /// Always an object; `{}` when the sender gave none.
    public var data: RawJSON
    /// Always an object; `{}` when the sender gave none.
    public var user: RawJSON
    /// The sender's idempotency id, `nil` when absent or empty.
    public var senderID: String?
    /// When the event happened by the sender's clock; `nil` means "when it was received".
    public var timestamp: Timestamp?
    /// The sender's schema version, passed through unread.
    public var version: String?
    /// What remains of `meta` after validation (`{"sessions":{…}}`), or `nil`.
    public var meta: RawJSON?

    /// Makes an event; ``EventRequest`` makes them of a request's body.
    public init(
        name: String,
        data: RawJSON = .emptyObject,
        user: RawJSON = .emptyObject,
        senderID: String? = nil,
        timestamp: Timestamp? = nil,
        version: String? = nil,
        meta: RawJSON? = nil
    ) {
        self.name = name
        self.data = data
        self.user = user
        self.senderID = senderID
        self.timestamp = timestamp
        self.version = version
        self.meta = meta
    }

    /// The canonical event object that is stored, sent to apps and shown: keys in canonical order,
    /// `id` filled with the sender's id or else the internal one, `ts` in milliseconds.
    public func storedBody(internalID: ULID, receivedAt: Timestamp) -> RawJSON {
        var writer = JSONWriter(reserving: data.bytes.count + user.bytes.count + name.utf8.count + 96)
        writer.beginObject()
        writer.key("data")
        writer.raw(data)
        writer.key("id")
        writer.value(senderID ?? internalID.description)
        if let meta {
            writer.key("meta")
            writer.raw(meta)
        }
        writer.key("name")
        writer.value(name)
        writer.key("ts")
        writer.value((timestamp ?? receivedAt).milliseconds)
        writer.key("user")
        writer.raw(user)
        if let version {
            writer.key("v")
            writer.value(version)
        }
        writer.endObject()
        return RawJSON(canonical: writer.bytes)
    }
}
