import ApusCore
import HTTPTypes
import Hummingbird

/// What an action has done, said once on the page that follows.
struct Notice: Hashable, Sendable {
    var tone: String
    var text: String

    static let cookie = "apus-notice"

    init(_ text: String, tone: String = "completed") {
        self.tone = tone
        self.text = text
    }

    init?(cookie value: String) {
        let parts = value.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, ["completed", "failed", "waiting"].contains(parts[0]),
            case let text = Form(Array("t=\(parts[1])".utf8))["t"], !text.isEmpty
        else { return nil }
        self.init(text, tone: String(parts[0]))
    }

    var cookieValue: String {
        "\(Self.cookie)=\(tone).\(Link.encode(String(text.prefix(500)))); Path=/; Max-Age=30; HttpOnly; SameSite=Strict"
    }

    static let forgotten = "\(cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"

    var part: Part { ["tone": .text(tone), "text": .text(text.visible()), "undo": false] }
}
