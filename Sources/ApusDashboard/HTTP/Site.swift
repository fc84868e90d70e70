import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// What all pages are made of.
struct Site: Sendable {
    let node: Node
    let sync: AppSync
    let version: String
    let pages: Pages
    let bodies: RequestBodies
    /// `nil` for a server that is open.
    var sessions: Sessions?
    /// Before every path: empty, or one that begins with a slash and ends without one.
    var base = ""
    /// Whether the engine lives in the app's own process, where no app is to be asked.
    var isEmbedded = false
    let endedSessions = EndedSessions()
    let longRuns = LongRuns()
    let keptCounts = KeptCounts()

    private static let names: [(key: String, name: String, href: String)] = [
        ("o", "Overview", "/"), ("r", "Runs", "/runs"), ("e", "Events", "/events"), ("f", "Functions", "/functions"),
        ("a", "Apps", "/apps"), ("s", "Schedules", "/schedules"), ("c", "Settings", "/settings"),
    ]

    var now: Timestamp { ServerClock.now() }

    /// What every page has, with its own fields.
    /// - Parameter failed: runs that failed in the last hour.
    func frame(
        _ visit: Visit, title: String, page: String, live: Link? = nil, failed: Int = 0, _ fields: [String: Part]
    ) -> Part {
        let frame: Part = [
            "base": .text(base), "title": .text(title.visible()), "theme": theme(visit), "zone": .text(zone(visit)),
            "version": .text(version),
            "environment": .text(isEmbedded ? "embedded" : sessions == nil ? "dev" : "signed"),
            "now": visit.time.part(visit.now),
            "serverUrl": .text(visit.serverURL), "eventKey": .text(eventKey), "signsOut": .flag(sessions != nil),
            "live": live?.part ?? false,
            "notice": visit.cookie(Notice.cookie).flatMap { Notice(cookie: $0)?.part } ?? false,
            "pages": .list(
                Self.names.map { key, name, href in
                    let isAlarm = key == "r" && failed > 0
                    return [
                        "key": .text(key), "name": .text(name), "href": .text(href), "current": .flag(key == page),
                        "alarm": isAlarm
                            ? .text("\(NumberText.counted(failed, "run")) failed in the last hour") : false,
                        "alarmCount": .text(NumberText.grouped(failed)),
                    ]
                }),
        ]
        return frame.with(fields)
    }

    /// What stands for the event key in examples.
    var eventKey: String { sessions == nil ? "dev" : "YOUR_EVENT_KEY" }

    /// The session with which a browser has come; `nil` when it has none that is open.
    func session(of visit: Visit) -> String? {
        guard let sessions, let value = visit.cookie(Sessions.cookie), sessions.isOpen(value, at: visit.now) else {
            return nil
        }
        return value
    }

    /// Whether what began with a session may go on.
    func isOpen(_ session: String) -> Bool {
        (sessions?.isOpen(session, at: now) ?? true) && !endedSessions.contains(session)
    }

    private func theme(_ visit: Visit) -> Part {
        guard let theme = visit.cookie("apus-theme"), ["light", "dark"].contains(theme) else { return false }
        return .text(theme)
    }

    func zone(_ visit: Visit) -> String {
        visit.cookie("apus-zone") == "utc" ? "utc" : "local"
    }

    func answer(_ template: String, _ context: Part, _ visit: Visit, status: Int = 200) -> Response {
        PageAnswer.html(
            pages.render(template, context), status: status, forgetsNotice: visit.cookie(Notice.cookie) != nil
        )
    }

    /// How many runs failed in the last hour.
    func failedLately(_ visit: Visit) async throws -> Int {
        let now = visit.now
        let counts = try await node.read { reader throws(StoreError) in
            try reader.runCounts(MinuteParts(from: now - .hours(1), until: now + .minutes(1), count: 1), of: nil)
        }
        return counts.reduce(0) { $0 + ($1.states[.failed] ?? 0) }
    }

    func problem(_ problem: PageProblem, _ visit: Visit) -> Response {
        let fields: [String: Part] = [
            "heading": .text(problem.heading.visible()), "message": .text(problem.message.visible()),
            "advice": .optional(problem.advice), "status": .text(String(problem.status)),
            "code": .text(problem.status == 404 ? "not_found" : problem.status < 500 ? "bad_request" : "failed"),
            "request": .text("\(visit.method) \(visit.path.visible())"),
        ]
        return answer("error", frame(visit, title: problem.heading, page: "", fields), visit, status: problem.status)
    }
}
