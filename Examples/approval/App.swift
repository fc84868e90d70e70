import Apus
import ApusHummingbird
import Foundation
import Hummingbird
import Synchronization

@main
struct App {
    static func main() async throws {
        let apus = Client(appID: "expenses")
        let desk = MemoryDesk()

        let router = Router()
        router.apus(apus, functions: [Approval(apus: apus, desk: desk).function])
        router.get("/") { _, _ in Page(html: page(desk.expenses)) }
        // The page's buttons; the run goes on by the event, wherever it is.
        router.post("/decide/:id/:decision") { _, context in
            let id = try context.parameters.require("id")
            let isApproved = try context.parameters.require("decision") == "approve"
            try await apus.send(ExpenseDecided(expenseID: id, isApproved: isApproved, by: "the page"))
            return Response.redirect(to: "/")
        }
        let port = ProcessInfo.processInfo.environment["PORT"].flatMap { Int($0) } ?? 3_000
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
            .runService()
    }

    static func page(_ expenses: [ExpenseFiled]) -> String {
        let rows = expenses.map { expense in
            let id = expense.expenseID.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            return """
                <li>\(escaped(expense.who)): \(expense.cents / 100) €
                <form method="post" action="/decide/\(id)/approve"><button>Approve</button></form>
                <form method="post" action="/decide/\(id)/reject"><button>Reject</button></form></li>
                """
        }
        let list = rows.isEmpty ? "<p>Nothing waits for you.</p>" : "<ul>\(rows.joined())</ul>"
        return "<!doctype html><title>Expenses</title><h1>Expenses</h1>\(list)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}

struct Page: ResponseGenerator {
    let html: String

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = html.response(from: request, context: context)
        response.headers[.contentType] = "text/html; charset=utf-8"
        return response
    }
}

/// A table of the app's database, in a real one.
final class MemoryDesk: Desk {
    private let open = Mutex<[String: ExpenseFiled]>([:])

    var expenses: [ExpenseFiled] { open.withLock { $0.values.sorted { $0.expenseID < $1.expenseID } } }

    func add(_ expense: ExpenseFiled) async throws { open.withLock { $0[expense.expenseID] = expense } }

    func remove(_ expenseID: String) async throws { open.withLock { $0[expenseID] = nil } }
}
