/// The start of a run inside an app, in the handling of an HTTP request: the body of `POST /v1/checkpoint`.
public struct EndpointStart: Hashable, Sendable {
    /// The id that the app has drawn for the run.
    public var run: ULID
    /// The event that stands for the request.
    public var event: IncomingEvent
    /// Scheme, host and port of the app: its name and address.
    public var domain: String
    /// The endpoint's name within its app: its own, or its method and path.
    public var slug: String
    /// The endpoint's address, for people.
    public var url: String
    /// What the app has done so far.
    public var ops: [Op]
    /// The execution model that the app speaks; `nil` when it does not say.
    public var version: Int?
    /// Retries after the first attempt, 0…20.
    public var retries: Int

    /// Bytes of an endpoint's name.
    static let slugBytes = 255
    /// What a negative number of retries means.
    static let usualRetries = 4

    /// Reads a body.
    /// - Throws: ``EndpointProblem``; one bad op spoils the whole request.
    public init(parsing body: [UInt8], limits: ReplyLimits) throws(EndpointProblem) {
        let json: RawJSON
        do {
            json = try RawJSON(parsing: body)
        } catch {
            throw .malformed(error.description)
        }
        let view = json.view
        guard view.kind == .object else { throw .malformed("it is not a JSON object") }
        guard let run = view["run_id"]?.ulid, run != ULID(high: 0, low: 0) else {
            throw .malformed("run_id is no ULID")
        }
        guard let event = view["event"], event.kind == .object else { throw .malformed("event is not an object") }
        guard let name = event["name"]?.string, !name.isEmpty, name.utf8.count <= 1_024 else {
            throw .malformed("event.name is not a name")
        }
        guard let data = event["data"] else { throw .malformed("event.data is missing") }
        let request = try EndpointRequest(eventName: name, data: data)
        self.run = run
        self.event = IncomingEvent(
            name: name, data: data.raw,
            user: event["user"].flatMap { $0.kind == .object ? $0.raw : nil } ?? .emptyObject,
            timestamp: event["ts"]?.int.flatMap(EndpointStart.time)
        )
        domain = try EndpointRequest.domain(data["domain"]?.string ?? "")
        let own = data["fn"]?.string ?? ""
        let path = data["path"]?.string ?? ""
        slug = own.isEmpty ? "\(request.method) \(path.isEmpty ? "/" : path)" : own
        guard slug.utf8.count <= EndpointStart.slugBytes else {
            throw .malformed("the endpoint's name is longer than \(EndpointStart.slugBytes) bytes; give it one as fn")
        }
        url = request.url
        version = view["request_version"]?.int.flatMap { (1...2).contains($0) ? Int($0) : nil }
        let retries = view["retries"]?.int ?? 0
        self.retries = retries < 0 ? EndpointStart.usualRetries : Int(min(retries, FunctionDecoder.mostRetries))
        ops = try EndpointStart.ops(view["steps"], limits)
    }

    private static func ops(_ steps: JSONView?, _ limits: ReplyLimits) throws(EndpointProblem) -> [Op] {
        guard let steps, !steps.isNull else { return [] }
        guard steps.kind == .array else { throw .malformed("steps is not an array") }
        let ops: [Op]
        do {
            ops = try OpDecoder(limits: limits).decode(steps)
        } catch {
            guard case .invalid(let id, let reason) = error, reason.hasPrefix("step output") else {
                throw .malformed(error.description)
            }
            throw .tooLarge(step: id)
        }
        guard ops.count <= limits.opsPerReply else { throw .malformed("it has more than \(limits.opsPerReply) steps") }
        return ops
    }

    private static func time(_ milliseconds: Int64) -> Timestamp? {
        let time = Timestamp(milliseconds: milliseconds)
        return time >= IncomingEvent.earliest && time <= IncomingEvent.latest ? time : nil
    }
}
