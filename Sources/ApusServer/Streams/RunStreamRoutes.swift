import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `GET /v1/runs/stream` and `GET /v1/runs/{id}/journal/stream`: changes as they happen; extensions of the v1 API.
struct RunStreamRoutes: Sendable {
    let node: Node

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/v1/runs/stream", runningOn: .eventLoop) { request, _ in
            let search = try RunSearch(request, registry: node.registry, limits: (RunChanges.most, RunChanges.most))
            let changes = RunChanges(node: node, search: search)
            let since = try Self.place(request).map(Timestamp.init(milliseconds:))
            return EventStream(feed: node.feed).answer {
                guard let since else { return StreamLook() }
                return StreamLook(messages: try await changes.missed(since: since))
            } look: { news in
                StreamLook(messages: try await changes.find(news))
            }
        }
        routes.on(.get, "/v1/runs/:id/journal/stream", runningOn: .eventLoop) { request, context in
            let text = context.parameters.get("id") ?? ""
            guard let id = ULID(text) else { throw HTTPError(.badRequest, message: "Invalid run ID: \(text)") }
            guard try await node.read({ reader throws(StoreError) in try reader.run(id: id) }) != nil else {
                return Answers.error("Unable to load function run: \(text)", status: .notFound)
            }
            let entries = JournalEntries(node: node, run: id, sent: Int(try Self.place(request) ?? 0))
            return EventStream(feed: node.feed, run: id, looksByItself: true).answer {
                try await entries.find()
            } look: { _ in
                try await entries.find()
            }
        }
    }

    /// Where a listener left off.
    private static func place(_ request: Request) throws(HTTPError) -> Int64? {
        guard let text = request.headers[.lastEventID], !text.isEmpty else { return nil }
        guard let place = Int64(text), place >= 0 else {
            throw HTTPError(.badRequest, message: "Last-Event-ID \(text.excerpt()) is none that a stream has given")
        }
        return place
    }
}

/// The changes of the runs that a query asks for.
struct RunChanges: Sendable {
    let node: Node
    let search: RunSearch

    /// Runs that are looked for after a lost connection.
    static let most = 200
    /// By how much what is stored may be older than what was told before it.
    private static let margin = TimeSpan.seconds(5)

    /// Runs that have changed, with their states of now.
    func find(_ news: RunFeed.News) async throws -> [StreamMessage] {
        let place = String(ServerClock.now().milliseconds)
        let ids = news.runs
        let search = search
        let now = ServerClock.now()
        let runs = try await node.read { reader throws(StoreError) in
            var runs: [StoredRun] = []
            for id in ids {
                guard let run = try reader.run(id: id),
                    search.query.matches(run.projection, of: run.function, createdAt: run.createdAt)
                else { continue }
                if let condition = search.condition {
                    guard let event = try reader.event(id: run.eventID), condition.holds(for: event.body, now: now)
                    else { continue }
                }
                runs.append(run)
            }
            return runs
        }
        var messages = runs.map { message($0, place) }
        if news.isIncomplete {
            messages.append(gap("more runs have changed than the stream could take at a time", place))
        }
        return messages
    }

    /// Runs that were created, called for the first time or ended since a listener was here; those of the last
    /// seconds before may be told twice.
    func missed(since: Timestamp) async throws -> [StreamMessage] {
        let place = String(ServerClock.now().milliseconds)
        var found: [ULID: StoredRun] = [:]
        var isIncomplete = false
        for time in [RunTime.created, .started, .ended] {
            var part = search
            part.query.time = time
            part.query.from = since - Self.margin
            part.query.until = nil
            part.query.after = nil
            let page = try await node.find(part)
            isIncomplete = isIncomplete || page.next != nil
            for run in page.runs { found[run.id] = run }
        }
        var messages = found.values.sorted { $0.position < $1.position }.map { message($0, place) }
        if isIncomplete {
            messages.append(gap("more runs have changed since \(since.rfc3339) than are told again", place))
        }
        return messages
    }

    private func message(_ run: StoredRun, _ place: String) -> StreamMessage {
        StreamMessage("run", id: place) { writer in
            var run = run
            if !search.query.hasEnds { run.end = nil }
            RunJSON.write(run, isListed: true, to: &writer)
        }
    }

    /// The listener has to read its list again.
    private func gap(_ reason: String, _ place: String) -> StreamMessage {
        StreamMessage("gap", id: place) { writer in writer.object { $0.member("reason", reason) } }
    }
}

/// The entries of a run's journal from one on.
actor JournalEntries {
    private let node: Node
    private let run: ULID
    /// Entries that the listener has.
    private var sent: Int
    /// The journal's newest row at the last look.
    private var head: RowID?

    init(node: Node, run: ULID, sent: Int) {
        self.node = node
        self.run = run
        self.sent = sent
    }

    func find() async throws -> StreamLook {
        let (run, head) = (run, head)
        let history = try await node.read { reader throws(StoreError) -> LoadedRun?? in
            let newest = try reader.run(id: run)?.projection.head
            if let newest, newest == head { return .some(nil) }
            return try reader.journal(ofRun: run).map { .some($0) }
        }
        // Removed to make room.
        guard let history else { return StreamLook(isLast: true) }
        guard let history else { return StreamLook() }
        self.head = history.projection.head
        var look = StreamLook()
        var number = 0
        for turn in history.turns {
            for entry in turn.entries {
                number += 1
                guard number > sent else { continue }
                look.messages.append(
                    StreamMessage("entry", id: String(number)) { JournalJSON.write(entry, at: turn.at, to: &$0) }
                )
            }
        }
        sent = max(sent, number)
        if history.projection.status.isFinal {
            let status = history.projection.status.name
            look.messages.append(
                StreamMessage("end", id: String(sent)) { writer in writer.object { $0.member("status", status) } }
            )
            look.isLast = true
        }
        return look
    }
}
