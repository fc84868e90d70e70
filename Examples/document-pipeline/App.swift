import Apus
import ApusHummingbird
import Foundation
import Hummingbird

@main
struct App {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let port = environment["PORT"].flatMap { Int($0) } ?? 3_000
        let apus = Client(appID: "documents")
        let pipeline = Pipeline(
            apus: apus, modelURL: environment["MODEL_URL"] ?? "http://127.0.0.1:\(port)/fake-model",
            key: environment["MODEL_KEY"] ?? "none")

        let router = Router()
        router.apus(apus, functions: [pipeline.function])
        // A model that costs nothing: it repeats the first words of what it is to sum up.
        router.post("/fake-model") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let question = try JSONDecoder().decode(Question.self, from: Data(body.readableBytesView))
            let text = question.messages.last?.content.split(separator: ": ", maxSplits: 1).last ?? ""
            let words = text.split(whereSeparator: \.isWhitespace).prefix(3).joined(separator: " ")
            let answer = ChatAnswer(choices: [.init(message: .init(content: words))])
            return String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
        }
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
            .runService()
    }
}

struct Question: Decodable {
    struct Message: Decodable {
        var content: String
    }
    var messages: [Message]
}
