import Apus
import Logging

struct UserSignedUp: Event {
    static let name = "user/signed-up"
    var userID: String
    var email: String
}

struct OrderPlaced: Event {
    static let name = "order/placed"
    var userID: String
}

struct Workspace: Codable, Sendable {
    var id: String
}

/// What the function needs of the rest of the server.
protocol Mailer: Sendable {
    func send(_ text: String, to address: String) async throws
}

struct Onboarding: Sendable {
    let apus: Client
    let mailer: any Mailer

    /// Ten days of a user's life, as one function.
    var function: Function<UserSignedUp, String> {
        apus.function(
            "onboard-user", on: UserSignedUp.self, .concurrency(10, by: \.userID),
            .cancel(on: UserLeft.self, matching: \.userID)
        ) { [mailer] event, step in
            let workspace = try await step.run("create-workspace") { Workspace(id: "workspace-of-\(event.userID)") }

            async let mail: Void = step.run("send-welcome") { try await mailer.send("Welcome", to: event.email) }
            async let crm: Void = step.run("sync-crm") { step.context.logger.info("\(event.userID) is in the CRM") }
            _ = try await (mail, crm)

            try await step.sleep("cool-down", for: .days(3))
            if try await step.waitForEvent("first-order", OrderPlaced.self, matching: \.userID, within: .days(7)) == nil
            {
                try await step.run("send-nudge") { try await mailer.send("Anything we can do?", to: event.email) }
            }
            return workspace.id
        }
    }
}

struct UserLeft: Event {
    static let name = "user/left"
    var userID: String
}
