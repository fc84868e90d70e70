import Apus
import ApusTesting
import Testing

@testable import DocumentPipelineExample

@Suite("Example: document pipeline")
struct PipelineTests {
    @Test("pages side by side, then the document; the model may fail for a while")
    func summary() async throws {
        let pipeline = Pipeline(apus: Client(appID: "test"), modelURL: "http://model.example", key: "k")
        let test = FunctionTest(pipeline.function, .bothWays)
        for (step, text) in [("page-1", "dark"), ("page-2", "end"), ("document", "dark end")] {
            test.mock(step: step, returns: ChatAnswer(choices: [.init(message: .init(content: text))]))
        }
        test.fail(step: "page-2", with: Overloaded(), times: 2)
        let run = try await test.run(DocumentUploaded(documentID: "d1", pages: ["a  b", "c"]))
        #expect(run.output == "dark end")
        #expect(run["page-2"].attempts == 3)
        #expect(try run["clean-up"].result(as: [String].self) == ["a b", "c"])
    }

    private struct Overloaded: Error {}
}
