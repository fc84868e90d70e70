import ApusCore
import ApusServer
import HTTPTypes
import Hummingbird

/// What a request for a page says, and when it came.
struct Visit: Sendable {
    var method: String
    var path: String
    var now: Timestamp
    var time: TimeText { TimeText(now: now) }
    /// The server as the browser calls it.
    var serverURL: String
    /// Whether a proxy says that the browser came by TLS.
    var isEncrypted: Bool
    /// The page that a post came from.
    var cameFrom: String?
    /// What stands before every path of the dashboard.
    var base = ""
    private var query: [(name: String, value: String)]
    private var cookies: [String: String]

    init(_ request: Request) {
        method = request.method.rawValue
        path = request.uri.path
        now = ServerClock.now()
        // As forms write it, with + for a space.
        query = Form(Array((request.uri.query ?? "").utf8)).fields
        let host = (request.head.authority ?? "").filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || ".:-[]".contains($0))
        }
        isEncrypted = HTTPField.Name("X-Forwarded-Proto").flatMap { request.headers[$0] } == "https"
        serverURL = "\(isEncrypted ? "https" : "http")://\(host.isEmpty ? "localhost:8288" : host)"
        cookies = [:]
        for pair in (request.headers[.cookie] ?? "").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            cookies[String(parts[0].filter { $0 != " " })] = String(parts[1])
        }
    }

    /// The same with another query.
    func asking(_ fields: [(name: String, value: String)]) -> Visit {
        var visit = self
        visit.query = fields
        return visit
    }

    /// What the query says of a name; empty when it does not mention it.
    func text(_ name: String) -> String {
        query.first { $0.name == name }?.value ?? ""
    }

    func value(_ name: String) -> String? {
        let text = text(name)
        return text.isEmpty ? nil : text
    }

    func values(_ name: String) -> [String] {
        query.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
    }

    func number(_ name: String, usual: Int, most: Int) -> Int {
        min(max(value(name).flatMap { Int($0) } ?? usual, 0), most)
    }

    func cookie(_ name: String) -> String? { cookies[name] }

    /// A time of the query: a date, or a stretch such as `24h` before now.
    func moment(_ name: String) throws(PageProblem) -> Timestamp? {
        try moment(text(name), name: name)
    }

    func moment(_ text: String, name: String) throws(PageProblem) -> Timestamp? {
        guard !text.isEmpty else { return nil }
        if let span = try? TimeSpan(parsing: text) { return now - span }
        guard let time = DateText.parse(text) else {
            throw PageProblem(
                400, "This is no time: \(text.excerpt())",
                "\(name) is a date such as 2026-01-31T12:00:00Z, or a stretch before now such as 24h."
            )
        }
        return time
    }
}

/// Why a page cannot be shown, for people.
struct PageProblem: Error {
    var status: Int
    var heading: String
    var message: String
    var advice: String?

    init(_ status: Int, _ heading: String, _ message: String, advice: String? = nil) {
        self.status = status
        self.heading = heading
        self.message = message
        self.advice = advice
    }

    static func missing(_ what: String, _ id: String) -> PageProblem {
        PageProblem(
            404, "There is no \(what) \(id.excerpt())", "It may never have been, or its name was cut.",
            advice: what == "run" || what == "event"
                ? "The oldest finished runs and their events are removed to keep the store small." : nil
        )
    }
}
