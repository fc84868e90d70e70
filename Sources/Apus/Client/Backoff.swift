/// Five tries, after 100, 200, 400 and 800 milliseconds and up to 100 more at random.
enum Backoff {
    static let tries = 5

    static func pause(after attempt: Int) async throws {
        let milliseconds = (100 << min(attempt, 10)) + Int.random(in: 0...100)
        try await Task.sleep(for: .milliseconds(milliseconds))
    }
}
