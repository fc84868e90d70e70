import ApusCore
import Testing

@testable import ApusEngine

@Suite("What ops of gateways mean")
struct GatewayRequestTests {
    private func request(_ op: Op) throws -> GatewayRequest { try GatewayRequest(op) }

    private func value(_ request: GatewayRequest, _ name: String) -> String? {
        request.headers.first { $0.name.lowercased() == name }?.value
    }

    @Test("each format of provider is shown the key in its own way")
    func formats() throws {
        let openAI = try request(infer("a", key: "kkkk", options: #""format":"openai-chat""#))
        #expect(value(openAI, "authorization") == "Bearer kkkk")
        #expect(value(openAI, "content-type") == "application/json")
        let anthropic = try request(infer("a", key: "kkkk", options: #""format":"anthropic""#))
        #expect(value(anthropic, "x-api-key") == "kkkk")
        #expect(value(anthropic, "authorization") == nil)
        let gemini = try request(infer("a", "https://g.test/v1?alt=json", key: "k/k", options: #""format":"gemini""#))
        #expect(gemini.url.text == "https://g.test/v1?alt=json&key=k%2Fk")
        #expect(gemini.url.shown == "https://g.test/v1?alt=[hidden]&key=[hidden]")
        let bedrock = try request(infer("a", key: "kkkk", options: #""format":"bedrock""#))
        #expect(value(bedrock, "authorization") == "kkkk")
        let none = try request(infer("a", key: "", options: #""format":"openai-chat""#))
        #expect(value(none, "authorization") == nil)
    }

    @Test("an answer can be passed on to a topic")
    func audience() throws {
        let asked = try request(infer("a", options: #""publish":{"channel":"c","topic":"t","more":1}"#))
        #expect(asked.audience == GatewayRequest.Audience(channel: "c", topic: "t"))
        #expect(try request(infer("a", options: #""publish":null"#)).audience == nil)
        for wrong in ["true", "{}", #"{"channel":"c"}"#, #"{"channel":"c","topic":1}"#] {
            #expect(throws: InstructionError.self) { try request(infer("a", options: #""publish":\#(wrong)"#)) }
        }
    }

    @Test("headers of the function come before those of the format")
    func ownHeaders() throws {
        let request = try request(
            infer(
                "a",
                options: #""headers":{"authorization":"Own","anthropic-version":"v1","n":5,"l":["a","b"],"no":null}"#
            )
        )
        #expect(value(request, "authorization") == "Own")
        #expect(request.headers.count { $0.name.lowercased() == "authorization" } == 1)
        #expect(value(request, "anthropic-version") == "v1")
        #expect(value(request, "n") == "5")
        #expect(value(request, "l") == "a, b")
        #expect(value(request, "no") == nil)
        #expect(request.secrets.contains("Own"))
        #expect(!request.secrets.contains("v1"))
    }

    @Test(
        "the body of a fetch goes out as JSON, unless it says that it is something else",
        arguments: [
            (#"{"a": 1}"#, nil, #"{"a": 1}"#),
            ("hello", nil, #""hello""#),
            ("a=1&b=2", "application/x-www-form-urlencoded", "a=1&b=2"),
            ("hello", "application/json", #""hello""#),
            ("", nil, ""),
        ] as [(String, String?, String)])
    func fetchBody(body: String, type: String?, sent: String) throws {
        let headers = type.map { #","headers":{"Content-Type":"\#($0)"}"# } ?? ""
        let text = RawJSON.string(body).description
        let request = try request(fetch("a", "http://a.test/x", #""method":"put","body":\#(text)\#(headers)"#))
        #expect(request.method == "PUT")
        #expect(String(decoding: request.body, as: UTF8.self) == sent)
        #expect(!request.shown.description.contains("hello"))
    }

    @Test("a user and a password in the URL are sent as a header")
    func userInfo() throws {
        let request = try request(fetch("a", "http://me:p%40ss@a.test:81/x?y#z", #""method":"GET""#))
        #expect(request.url.text == "http://a.test:81/x?y")
        #expect(request.url.host == "a.test:81")
        #expect(value(request, "authorization") == "Basic bWU6cEBzcw==")
        #expect(request.secrets.contains("p@ss"))
    }

    @Test("a long body is cut where people see it")
    func longBody() throws {
        let text = String(repeating: "x", count: 100_000)
        let request = try request(infer("a", options: #""body":{"prompt":"\#(text)"}"#))
        #expect(request.body.count > 100_000)
        #expect(request.shown.bytes.count < 20_000)
        #expect(request.shown.view["body"]?.string?.hasSuffix("...") == true)
    }

    @Test("what a provider answers is the result, also when it is no JSON")
    func results() throws {
        let request = try request(infer("a"))
        func memo(_ body: String) -> String? {
            guard case .completed(let memo) = GatewayResult(answered(200, body), to: request, now: .epoch) else {
                return nil
            }
            return memo.description
        }
        #expect(memo(#"{ "b":1, "a":2 }"#) == #"{"data":{"a":2,"b":1}}"#)
        #expect(memo("data: {}\n\ndata: [DONE]\n") == #"{"data":"data: {}\n\ndata: [DONE]\n"}"#)
        #expect(memo("") == #"{"data":""}"#)
    }

    @Test("an error without a text, or with one that is no JSON, has data that SDKs can read")
    func errors() throws {
        let request = try request(infer("a"))
        func error(_ answer: Result<GatewayResponse, GatewayFault>) throws -> JSONView {
            guard case .failed(let failure) = GatewayResult(answer, to: request, now: .epoch) else {
                throw InstructionError(.noticed(message: "no failure"))
            }
            return failure.error.view
        }
        let empty = try error(answered(500, ""))
        #expect(empty["data"]?.raw.description == #"{"error":"Error making AI request"}"#)
        #expect(empty["stack"]?.string == #"{"error":"Error making AI request"}"#)
        let html = try error(answered(502, "<html>"))
        #expect(html["data"]?.string == "<html>")
        #expect(html["stack"]?.string == "<html>")
        let lost = try error(.failure(.unreachable("connection refused")))
        #expect(lost["message"]?.string == "Error making AI request: Unable to reach SDK URL (connection refused)")
        #expect(lost["data"]?.raw.description == #"{"error":"Error making AI request"}"#)
    }

    @Test("an error's long text is cut, and no secret is cut in two")
    func longError() throws {
        let request = try request(infer("a", key: "s3cret-key-that-is-long"))
        let body = String(repeating: "x", count: (1 << 20) - 8) + "s3cret-key-that-is-long"
        let result = GatewayResult(answered(500, body), to: request, now: .epoch)
        guard case .failed(let failure) = result else { throw InstructionError(.noticed(message: "no failure")) }
        #expect(failure.error.bytes.count < 3 << 20)
        #expect(failure.shortError.bytes.count < 20_000)
        #expect(!failure.error.description.contains("s3c"))
    }

    @Test("an address that is shown has no value of a secret parameter")
    func answeredURL() {
        #expect(
            GatewayURL.answered("https://a.test/x?page=2&X-Amz-Signature=abc&access%5Ftoken=q&b")
                == "https://a.test/x?page=2&X-Amz-Signature=[hidden]&access%5Ftoken=[hidden]&b")
    }

    @Test("headers that describe a coded body are left out when it was decoded")
    func decoded() throws {
        let answer = answered(
            200, "x", [("content-encoding", "gzip"), ("content-length", "20"), ("transfer-encoding", "chunked")])
        let result = GatewayResult(answer, to: try request(fetch("a")), now: .epoch)
        guard case .completed(let memo) = result else { throw InstructionError(.noticed(message: "no result")) }
        #expect(memo.view["data"]?["headers"]?.count == 0)
    }
}
