import Foundation
import Testing

@testable import ApusCore

/// Damaged starts, answers and tokens. `APUS_FUZZ_ITERATIONS` asks for more than the usual few thousand.
@Suite("Decoders of endpoints, on damaged input")
struct EndpointFuzzTests {
    private static let iterations =
        ProcessInfo.processInfo.environment["APUS_FUZZ_ITERATIONS"].flatMap { UInt64($0) } ?? 3_000

    private static let starts = [
        #"""
        {"run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","event":{"name":"inngest/http.request","data":{"domain":"http://localhost:3000",
        "method":"GET","path":"/api/x y","fn":"","ip":"","content_type":"text/plain","query_params":"a=1&b=%20","body":"é\n"},
        "ts":1732170000000},"steps":[{"op":"StepRun","id":"a","data":1}],"request_version":2,"retries":3}
        """#,
        #"""
        {"run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","idempotency":"","event":{"name":"http/run.started","data":{
        "domain":"https://[::1]:8443","method":"post","path":"/a%b?c#d","fn":"mine","body":"eyJhIjoxfQ=="}},"steps":null}
        """#,
    ]

    @Test("starts are refused with a reason, or their request can be made again from what is stored")
    func starts() throws {
        for number in 0..<Self.iterations {
            var mutator = WireMutator(seed: number)
            let body = mutator.mutate(Array(mutator.pick(Self.starts).utf8))
            let shown: Comment = "seed \(number): \(String(decoding: body, as: UTF8.self))"
            do throws(EndpointProblem) {
                let start = try EndpointStart(parsing: body, limits: .default)
                let stored = start.event.storedBody(internalID: start.run, receivedAt: .epoch).view
                let data = stored["data"] ?? JSONView(.null)
                let request = try EndpointRequest(eventName: stored["name"]?.string ?? "", data: data)
                #expect(request.url == start.url, shown)
                #expect(request.url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, shown)
                #expect(request.url.hasPrefix(start.domain + "/"), shown)
                #expect((1...255).contains(start.slug.utf8.count), shown)
                #expect((0...20).contains(start.retries), shown)
            } catch {
                #expect(error.description.utf8.count < 10_000, shown)
            }
        }
    }

    @Test("answers always mean something, and what is kept of them can be read again")
    func replies() throws {
        let bodies =
            WireExamples.lists.map(\.body) + [
                #"{"id":"x","op":"RunComplete","data":{"status":200,"headers":{},"body":"b"}}"#, "<html>502</html>", "",
                #"{"status":206,"headers":{"x-inngest-sdk":"x"},"body":"[{\"op\":\"StepRun\",\"id\":\"a\"}]"}"#,
            ]
        for number in 0..<Self.iterations {
            var mutator = WireMutator(seed: number)
            let reply = mutator.reply(bodies: bodies)
            let shown: Comment = "seed \(number): \(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
            let kept: RawJSON
            switch AppReply.decodeEndpoint(reply, now: Reply.now) {
            case .ops: continue
            case .returned(let output): kept = try #require(output, shown)
            case .failed(let failure):
                let envelope = FailureEnvelope.make(body: failure.body, cause: failure.cause)
                try #require(envelope.view["message"]?.string?.isEmpty == false, shown)
                kept = failure.body
            }
            try #require(try RawJSON(parsing: kept.bytes) == kept, shown)
            guard let status = HTTPResult.status(of: kept.view), kept.view["encoding"] != nil else { continue }
            let result = try #require(HTTPResult(output: kept.view, eventName: EndpointRequest.goEvent), shown)
            try #require(result.status == status, shown)
            // An envelope that was opened has a body of its own.
            if reply.status != 201 { try #require(result.body == reply.body, shown) }
        }
    }

    @Test("a damaged token is none")
    func tokens() throws {
        let key = DerivedKey.open(for: "test")
        let now = Timestamp(milliseconds: 1_000_000)
        let claims = try RawJSON(parsing: #"{"exp":2000,"iat":1000,"iss":"i","sub":"s"}"#)
        let token = WebToken.make(claims, key: key)
        #expect(WebToken.claims(of: token, issuer: "i", keys: [key], at: now) == claims)
        for number in 0..<Self.iterations {
            var mutator = WireMutator(seed: number)
            let bytes = mutator.mutate(Array(token.utf8))
            let damaged = String(decoding: bytes, as: UTF8.self)
            guard damaged != token else { continue }
            #expect(
                WebToken.claims(of: damaged, issuer: "i", keys: [key], at: now) == nil, "seed \(number): \(damaged)")
        }
    }
}
