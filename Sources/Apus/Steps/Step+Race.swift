import ApusCore

extension Step {
    /// Lets the steps that are called inside go on one by one, as each gets its result, instead of all together.
    ///
    /// Steps that run side by side are joined by the server: the function goes on when all of them are done. That is
    /// one call for all of them. Where the first should decide, call them inside of this.
    ///
    /// ```swift
    /// let winner = try await step.race {
    ///     try await withThrowingTaskGroup(of: String.self) { group in
    ///         group.addTask { try await step.run("ask-a") { try await a.ask() } }
    ///         group.addTask { try await step.run("ask-b") { try await b.ask() } }
    ///         defer { group.cancelAll() }
    ///         return try await group.next()
    ///     }
    /// }
    /// ```
    public func race<Output: Sendable>(_ body: () async throws -> Output) async rethrows -> Output {
        try await Racing.$isOn.withValue(true, operation: body)
    }
}

enum Racing {
    @TaskLocal static var isOn = false
}

extension StepOrder {
    /// The same, with what the server must know when the step is in a race.
    var racing: StepOrder {
        guard Racing.isOn else { return self }
        var order = self
        order.options = (options ?? .emptyObject).adding("parallelMode", .string("race"))
        return order
    }
}
