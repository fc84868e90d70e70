import Apus
import ApusHummingbird
import Hummingbird

struct UserSignedUp: Event {
    static let name = "user/signed-up"
    var email: String
}

let apus = Client(appID: "shop")

let signUp = apus.function("sign-up", on: UserSignedUp.self) { event, step in
    let account = try await step.run("create-account") {
        print("an account for \(event.email)")
        return "account-1"
    }
    try await step.sleep("settle-in", for: .minutes(1))
    try await step.run("send-welcome") { print("welcome, \(event.email)") }
    return account
}
