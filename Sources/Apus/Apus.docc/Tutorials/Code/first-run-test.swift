import ApusTesting
import Testing

@testable import Shop

@Test func everybodyIsWelcome() async throws {
    let test = FunctionTest(signUp)
    test.mock(step: "create-account", returns: "account-7")
    let run = try await test.run(UserSignedUp(email: "a@b.c"))
    #expect(run.output == "account-7")
    #expect(run.steps.map(\.name) == ["create-account", "settle-in", "send-welcome"])
    #expect(run.slept == .minutes(1))
}
