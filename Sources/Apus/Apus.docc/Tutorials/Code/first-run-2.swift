import Apus
import ApusHummingbird
import Hummingbird

struct UserSignedUp: Event {
    static let name = "user/signed-up"
    var email: String
}

let apus = Client(appID: "shop")
