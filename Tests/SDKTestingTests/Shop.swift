import Apus
import ApusTesting
import Synchronization

struct UserSignedUp: Event {
    static let name = "user/signed-up"
    var userID: String
    var email: String
}

struct OrderPlaced: Event, Equatable {
    static let name = "order/placed"
    var userID: String
    var total = 10
}

struct Workspace: Codable, Sendable {
    var id: String
}

enum MailError: Error {
    case down
}

struct CardDeclined: Error, Codable {
    var code: Int
}

/// Counts, from any task.
final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    @discardableResult
    func increase() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}

/// The app of the documentation, as its users write it.
struct Shop: Sendable {
    let apus = Client(appID: "shop")
    let mails = Counter()

    var onboard: Function<UserSignedUp, String> {
        apus.function(
            "onboard-user", on: UserSignedUp.self, if: "event.data.email != ''", .retries(4),
            .concurrency(10, by: \.userID)
        ) { [mails] event, step in
            let workspace = try await step.run("create-workspace") { Workspace(id: "real-\(event.userID)") }

            async let mail: Void = step.run("send-welcome") { _ = mails.increase() }
            async let crm = step.run("sync-crm") { 1 }
            _ = try await (mail, crm)

            try await step.sleep("cool-down", for: .days(3))
            if try await step.waitForEvent("first-order", OrderPlaced.self, matching: \.userID, within: .days(7)) == nil
            {
                try await step.run("send-nudge") { _ = mails.increase() }
            }
            return workspace.id
        }
    }

    let signedUp = UserSignedUp(userID: "u1", email: "a@b.c")
}
