import ApusStore
import Foundation

/// Lets callers in until it is shut, and is shut when the last one has left.
///
/// A pool must not be closed while somebody is about to use one of its connections: it does not
/// notice, and hands SQLite a connection that is gone.
///
/// @unchecked because the condition guards everything that changes.
final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var inside = 0
    private var isShut = false

    /// - Throws: `.unavailable` when the gate is shut, and what the body throws.
    func pass<Result>(_ body: () throws -> Result) throws -> Result {
        try enter()
        defer { leave() }
        return try body()
    }

    /// Waits for those inside; nobody comes in any more.
    func shut() {
        condition.withLock {
            isShut = true
            while inside > 0 { condition.wait() }
        }
    }

    private func enter() throws {
        try condition.withLock {
            guard !isShut else { throw StoreError.unavailable("the store is closed or is being opened again") }
            inside += 1
        }
    }

    private func leave() {
        condition.withLock {
            inside -= 1
            if inside == 0 { condition.broadcast() }
        }
    }
}
