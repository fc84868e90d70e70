import Apus

struct ExpenseFiled: Event {
    static let name = "expense/filed"
    var expenseID: String
    var who: String
    var cents: Int
}

struct ExpenseDecided: Event {
    static let name = "expense/decided"
    var expenseID: String
    var isApproved: Bool
    var by: String
}

/// Expenses that wait for somebody to decide.
protocol Desk: Sendable {
    func add(_ expense: ExpenseFiled) async throws
    func remove(_ expenseID: String) async throws
}

struct Approval: Sendable {
    let apus: Client
    let desk: any Desk

    /// Small expenses pass; others wait for a person, for a week.
    var function: Function<ExpenseFiled, String> {
        apus.function("approve-expense", on: ExpenseFiled.self) { [desk] expense, step in
            guard expense.cents >= 5_000 else { return "approved, it is little" }
            try await step.run("put-on-desk") { try await desk.add(expense) }
            let decision = try await step.waitForEvent(
                "decision", ExpenseDecided.self, matching: \.expenseID, within: .weeks(1))
            try await step.run("clear-desk") { try await desk.remove(expense.expenseID) }
            guard let decision else { return "rejected, nobody decided" }
            return "\(decision.isApproved ? "approved" : "rejected") by \(decision.by)"
        }
    }
}
