import ApusCore
import Testing

@testable import Apus

@Suite("Sending events")
struct SendingTests {
    private static func taken(_ request: TransportRequest) -> TransportResponse {
        let count = (try? RawJSON(parsing: request.body))?.view.count ?? 0
        let ids = (0..<count).map { RawJSON.string("id-\($0)") }
        return TransportResponse(status: 200, body: RawJSON.object(["ids": .array(ids), "status": .int(200)]).bytes)
    }

    @Test("an event goes out with its name, data, id and time")
    func one() async throws {
        let transport = FakeTransport(SendingTests.taken)
        let client = Client.test(transport: transport)
        let id = try await client.send(SignedUp(), id: "mine")
        #expect(id == "id-0")
        let request = try #require(transport.requests.first)
        #expect(request.url == "http://127.0.0.1:8288/e/NO_EVENT_KEY_SET")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"[{"data":{"email":"a@b.c","userID":"u1"},"id":"mine","name":"user/signed-up"}]"#)
    }

    @Test("what gets no answer is repeated with the same seed; what is refused is not")
    func retries() async throws {
        let tries = Counter()
        let transport = FakeTransport { request in
            if tries.increase() < 3 { return TransportResponse(status: 503, body: []) }
            return SendingTests.taken(request)
        }
        try await Client.test(transport: transport).send(SignedUp())
        let seeds = Set(transport.requests.map { request in request.headers.first { $0.name.contains("Seed") }?.value })
        #expect(transport.requests.count == 3)
        #expect(seeds.count == 1)
        #expect(seeds.first.flatMap { $0 }.flatMap { EventIDSeed($0) } != nil)
        let refusing = FakeTransport { _ in
            TransportResponse(status: 400, body: Array(#"{"ids":[],"status":400,"error":"event name is empty"}"#.utf8))
        }
        let error = await #expect(throws: SendError.self) {
            try await Client.test(transport: refusing).send(SignedUp())
        }
        #expect(error?.reason == "event name is empty")
        #expect(refusing.requests.count == 1)
    }

    @Test("many events go out in requests below the limits, and their ids come back in order")
    func batches() async throws {
        let transport = FakeTransport(SendingTests.taken)
        let events = (0..<5_001).map { OutgoingEvent(name: "a", data: ["n": $0]) }
        #expect(try await Client.test(transport: transport).send(events).count == 5_001)
        #expect(transport.requests.count == 2)
        let large = String(repeating: "x", count: 1 << 20)
        let batches = EventBatch.batches(of: (0..<5).map { _ in .string(large) })
        #expect(batches.map(\.count) == [2, 2, 1])
        #expect(batches.allSatisfy { (try? RawJSON(parsing: $0.body)) != nil })
    }

    @Test("data that is no object is refused before it is sent")
    func noObject() async {
        await #expect(throws: ConfigurationError.self) {
            try await Client.test().send([OutgoingEvent(name: "a", data: 1)])
        }
    }
}
