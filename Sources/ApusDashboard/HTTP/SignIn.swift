import ApusServer
import HTTPTypes
import Hummingbird

/// `/login` and `/logout`, on servers that ask for keys.
struct SignIn: Sendable {
    let site: Site
    let sessions: Sessions

    func add(to routes: inout RouteTable, of dashboard: Dashboard) {
        dashboard.page("/login", access: .open, &routes) { visit, _ in
            page(visit, to: Self.place(visit.text("to")), status: 200)
        }
        dashboard.post("/login", access: .open, &routes) { form, visit, _ in
            let to = Self.place(form["to"])
            guard let session = sessions.begin(with: form["key"], at: visit.now) else {
                return page(visit, to: to, error: "This is not a signing key of this server.", status: 403)
            }
            return PageAnswer.redirect(
                to: to, nil, cookies: [cookie(session, seconds: Sessions.length, visit)])
        }
        dashboard.post("/logout", access: .open, &routes) { _, visit, _ in
            if let session = site.session(of: visit) { site.endedSessions.add(session, at: visit.now) }
            return PageAnswer.redirect(to: "/login", nil, cookies: [cookie("", seconds: 0, visit)])
        }
    }

    private func page(_ visit: Visit, to: String, error: String? = nil, status: Int) -> Response {
        let frame = site.frame(visit, title: "Sign in", page: "", [:])
        let fields: [String: Part] = [
            "to": .text(to), "error": .optional(error), "hours": .text("\(Sessions.length / 3_600)"),
        ]
        return PageAnswer.html(site.pages.render("login", frame.with(fields)), status: status)
    }

    private func cookie(_ value: String, seconds: Int64, _ visit: Visit) -> String {
        "\(Sessions.cookie)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
            + (visit.isEncrypted ? "; Secure" : "")
    }

    /// A page of this server, and nothing else.
    static func place(_ text: String) -> String {
        guard text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("\\"), text.utf8.count <= 2_000,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return "/" }
        return text
    }
}
