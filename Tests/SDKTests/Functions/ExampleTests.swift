import Apus
import Testing

/// The example of docs/swift-sdk.md, as a user writes it: without `@testable`.
@Suite("The example in the documentation")
struct ExampleTests {
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

    struct Services: Sendable {
        func createWorkspace(_ user: String) async throws -> Workspace { Workspace(id: "w-\(user)") }
        func welcome(_ mail: String) async throws {}
        func add(_ user: String) async throws -> Int { 1 }
        func nudge(_ mail: String, _ workspace: Workspace) async throws {}
    }

    @Test("it compiles and registers")
    func onboarding() {
        let services = Services()
        let apus = Client(appID: "shop", settings: .development())

        let onboard = apus.function(
            "onboard-user", on: UserSignedUp.self, .retries(4), .concurrency(10, by: \.userID)
        ) { event, step in
            let workspace = try await step.run("create-workspace") { try await services.createWorkspace(event.userID) }

            async let mail: Void = step.run("send-welcome") { try await services.welcome(event.email) }
            async let crm = step.run("sync-crm") { try await services.add(event.userID) }
            _ = try await (mail, crm)

            try await step.sleep("cool-down", for: .days(3))
            if try await step.waitForEvent("first-order", OrderPlaced.self, matching: \.userID, within: .days(7)) == nil
            {
                try await step.run("send-nudge") { try await services.nudge(event.email, workspace) }
            }
            return workspace.id
        }

        #expect(onboard.slug == "shop-onboard-user")
        #expect(Endpoint(apus, functions: [onboard]).problems.isEmpty)
    }
}
