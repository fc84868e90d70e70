import Apus
import ApusTesting
import Synchronization
import Testing

@testable import OnboardingExample

@Suite("Example: onboarding")
struct OnboardingTests {
    private let mailer = RecordingMailer()
    private var test: FunctionTest<UserSignedUp, String> {
        FunctionTest(Onboarding(apus: Client(appID: "test"), mailer: mailer).function, .bothWays)
    }
    private let ada = UserSignedUp(userID: "u1", email: "a@b.c")

    @Test("who orders gets no nudge")
    func order() async throws {
        let test = test
        test.arrives(OrderPlaced(userID: "u2"), after: .days(4))
        test.arrives(OrderPlaced(userID: "u1"), after: .days(5))
        let run = try await test.run(ada)
        #expect(run.output == "workspace-of-u1")
        #expect(run["send-nudge"].outcome == .notReached)
        #expect(run.duration == .days(5))
    }

    @Test("who does not gets one, after ten days")
    func noOrder() async throws {
        let test = test
        test.timesOut("first-order")
        test.fail(step: "send-welcome", with: MailDown(), times: 2)
        let run = try await test.run(ada)
        #expect(run["send-welcome"].attempts == 3)
        #expect(Set(mailer.sent) == ["Welcome", "Anything we can do?"])
        #expect(run.duration > .days(10))
    }

    @Test("who leaves is left alone")
    func leaving() async throws {
        let test = test
        test.arrives(UserLeft(userID: "u1"), after: .days(1))
        let run = try await test.run(ada)
        #expect(run.status == .cancelled)
        #expect(mailer.sent.contains("Anything we can do?") == false)
    }

    private struct MailDown: Error {}

    private final class RecordingMailer: Mailer {
        private let texts = Mutex<[String]>([])

        var sent: [String] { texts.withLock { $0 } }

        func send(_ text: String, to address: String) async throws { texts.withLock { $0.append(text) } }
    }
}
