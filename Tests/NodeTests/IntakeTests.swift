import ApusEngine
import Testing

@testable import ApusNode

@Suite("The intake is bounded")
struct IntakeTests {
    @Test("past its number of requests it refuses, and takes more once one has left")
    func requests() throws {
        let intake = Intake(requests: 2, bytes: 1_000)
        try intake.enter(bytes: 1)
        try intake.enter(bytes: 1)
        #expect(throws: NodeError.self) { try intake.enter(bytes: 1) }
        intake.leave(bytes: 1)
        #expect(throws: Never.self) { try intake.enter(bytes: 1) }
    }

    @Test("past its bytes it refuses")
    func bytes() throws {
        let intake = Intake(requests: 100, bytes: 1_000)
        try intake.enter(bytes: 900)
        #expect(throws: NodeError.self) { try intake.enter(bytes: 200) }
        intake.leave(bytes: 900)
        #expect(throws: Never.self) { try intake.enter(bytes: 200) }
    }

    @Test("a request larger than the whole bound is taken when it is alone, or it could never be")
    func oversize() throws {
        let intake = Intake(requests: 100, bytes: 1_000)
        try intake.enter(bytes: 5_000)
        #expect(throws: NodeError.self) { try intake.enter(bytes: 1) }
    }

    @Test("one wake-up serves everything that has gathered")
    func wakeUps() {
        let intake = Intake(requests: 100, bytes: 1_000)
        var wakes = 0
        for _ in 0..<5 { intake.post(Intake.Mail(shard: 0, input: .tick) { _ in }) { wakes += 1 } }
        #expect(wakes == 1)
        #expect(intake.collect().count == 5)
        intake.post(Intake.Mail(shard: 0, input: .tick) { _ in }) { wakes += 1 }
        #expect(wakes == 2)
    }
}
