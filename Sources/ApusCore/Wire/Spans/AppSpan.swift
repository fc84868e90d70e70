/// A span that an app made itself while one of its calls went on, as OpenTelemetry tells of it.
public struct AppSpan: Hashable, Sendable {
    /// The span's own id; never 0.
    public var id: UInt64
    /// The span that it is a child of; `nil` for the app's own root, which hangs under the call.
    public var parent: UInt64?
    /// What the span is about.
    public var name: String
    /// What it stands for.
    public var kind: Kind
    /// Nanoseconds since the epoch.
    public var startedAt: Int64
    /// Nanoseconds since the epoch.
    public var endedAt: Int64
    /// How it ended.
    public var status: Status
    /// What the status says, often empty.
    public var message: String
    /// The step in which it was made; `nil` for the function's own code.
    public var step: StepID?
    /// 0-based.
    public var attempt: Int
    /// The library that made it.
    public var scope: String
    /// A JSON object.
    public var attributes: RawJSON

    /// What a span stands for, by the numbers of OTLP.
    public enum Kind: Int, Hashable, Sendable, CaseIterable {
        case unspecified = 0
        case `internal` = 1
        case server = 2
        case client = 3
        case producer = 4
        case consumer = 5
    }

    /// How it ended, by the numbers of OTLP.
    public enum Status: Int, Hashable, Sendable {
        case unset = 0
        case ok = 1
        case error = 2
    }

    /// Spans of one run that are kept.
    public static let countLimit = 1_000
    /// Bytes of the attributes of one span.
    public static let attributesLimit = 64 << 10
    /// Bytes of a name, a message or a library's name; longer ones are cut.
    public static let textLimit = 512

    /// The form in which stores keep it, canonical JSON.
    public var stored: RawJSON {
        var writer = JSONWriter(reserving: attributes.bytes.count + 256)
        writer.object { writer in
            writer.member("attempt", attempt)
            writer.member("attributes", attributes)
            writer.member("end", String(endedAt))
            writer.member("id", String(id, radix: 16))
            writer.member("kind", kind.rawValue)
            writer.member("message", message)
            writer.member("name", name)
            if let parent { writer.member("parent", String(parent, radix: 16)) }
            writer.member("scope", scope)
            writer.member("start", String(startedAt))
            writer.member("status", status.rawValue)
            if let step { writer.member("step", step.description) }
        }
        return writer.finish()
    }

    /// Reads what ``stored`` wrote; `nil` for anything else.
    public init?(stored json: RawJSON) {
        let view = json.view
        guard let id = view["id"]?.string.flatMap({ UInt64($0, radix: 16) }), let name = view["name"]?.string,
            let start = view["start"]?.string.flatMap({ Int64($0) }),
            let end = view["end"]?.string.flatMap({ Int64($0) })
        else { return nil }
        self.id = id
        self.name = name
        parent = view["parent"]?.string.flatMap { UInt64($0, radix: 16) }
        kind = view["kind"]?.int.flatMap { Kind(rawValue: Int($0)) } ?? .unspecified
        (startedAt, endedAt) = (start, end)
        status = view["status"]?.int.flatMap { Status(rawValue: Int($0)) } ?? .unset
        message = view["message"]?.string ?? ""
        step = view["step"]?.string.flatMap { StepID($0) }
        attempt = view["attempt"]?.int.map { Int($0) } ?? 0
        scope = view["scope"]?.string ?? ""
        attributes = view["attributes"]?.raw ?? .emptyObject
    }

    init(id: UInt64, name: String, startedAt: Int64, endedAt: Int64) {
        self.id = id
        self.name = name
        kind = .unspecified
        (self.startedAt, self.endedAt) = (startedAt, endedAt)
        status = .unset
        message = ""
        attempt = 0
        scope = ""
        attributes = .emptyObject
    }
}
