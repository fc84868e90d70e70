import Apus
import ApusTesting
import Testing

@testable import ApprovalExample

@Suite("Example: approval")
struct ApprovalTests {
    private let desk = MemoryDesk()
    private var test: FunctionTest<ExpenseFiled, String> {
        FunctionTest(Approval(apus: Client(appID: "test"), desk: desk).function, .bothWays)
    }
    private let expense = ExpenseFiled(expenseID: "e1", who: "Ada", cents: 12_000)

    @Test("somebody decides")
    func decision() async throws {
        let test = test
        test.event("decision", ExpenseDecided(expenseID: "e1", isApproved: false, by: "Bob"), after: .days(2))
        #expect(try await test.run(expense).output == "rejected by Bob")
        #expect(desk.expenses.isEmpty)
    }

    @Test("nobody decides")
    func silence() async throws {
        let test = test
        test.timesOut("decision")
        let run = try await test.run(expense)
        #expect(run.output == "rejected, nobody decided")
        #expect(run.duration == .weeks(1))
    }

    @Test("little money is nobody's business")
    func little() async throws {
        let run = try await test.run(ExpenseFiled(expenseID: "e2", who: "Ada", cents: 100))
        #expect(run.output == "approved, it is little")
        #expect(run.steps.isEmpty)
    }

    @Test("what people type is no markup")
    func page() {
        let page = App.page([ExpenseFiled(expenseID: "\"><e1", who: "<b>", cents: 12_000)])
        #expect(page.contains("&lt;b>"))
        #expect(page.contains("/decide/%22%3E%3Ce1/approve"))
    }
}
