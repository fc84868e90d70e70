import Apus
import Logging

struct DocumentUploaded: Event {
    static let name = "document/uploaded"
    var documentID: String
    var pages: [String]
}

/// What a model answers, as far as it is needed here.
struct ChatAnswer: Codable, Sendable {
    struct Choice: Codable, Sendable {
        struct Message: Codable, Sendable {
            var content: String
        }
        var message: Message
    }
    var choices: [Choice]

    var text: String { choices.first?.message.content ?? "" }
}

struct Pipeline: Sendable {
    let apus: Client
    /// A provider with OpenAI's interface.
    let modelURL: String
    let key: String

    /// Each page is summed up by a model, then the document by its pages.
    var function: Function<DocumentUploaded, String> {
        apus.function("summarise-document", on: DocumentUploaded.self, .throttle(60, per: .minutes(1))) { event, step in
            let pages = try await step.run("clean-up") {
                event.pages.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            }
            let summaries = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for (number, page) in pages.enumerated() {
                    group.addTask { (number, try await ask("page-\(number + 1)", "Sum up this page: \(page)", step)) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            let text = pages.indices.compactMap { summaries[$0] }.joined(separator: "\n")
            let summary = try await ask("document", "Sum up this document: \(text)", step)
            try await step.run("store") { step.context.logger.info("\(event.documentID): \(summary)") }
            return summary
        }
    }

    /// The server asks, so that no request is open in this process while the model thinks.
    private func ask(_ name: String, _ prompt: String, _ step: Step) async throws -> String {
        let body: JSON = ["model": "small", "messages": [["role": "user", "content": .string(prompt)]]]
        return try await step.infer(
            name, InferenceRequest(url: modelURL, key: key, format: .openAI, body: body), returning: ChatAnswer.self
        ).text
    }
}
