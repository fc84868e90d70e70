/// What a store did that the contract does not allow.
package struct ConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found, and what should have been.
    package var message: String
    /// Where the expectation stands.
    package var file: String
    package var line: Int

    package var description: String { "\(message) (\(file):\(line))" }
}

/// Fails with the message unless the condition holds.
func expect(
    _ condition: Bool, _ message: @autoclosure () -> String, file: String = #fileID, line: Int = #line
) throws(ConformanceFailure) {
    guard condition else { throw ConformanceFailure(message: message(), file: file, line: line) }
}

/// Fails unless both values are equal; `what` names the found one.
func expectEqual<Value: Equatable>(
    _ found: Value, _ expected: Value, _ what: @autoclosure () -> String, file: String = #fileID, line: Int = #line
) throws(ConformanceFailure) {
    try expect(found == expected, "\(what()) is \(found) instead of \(expected)", file: file, line: line)
}

/// Unwraps what has to be there.
func require<Value>(
    _ value: Value?, _ what: @autoclosure () -> String, file: String = #fileID, line: Int = #line
) throws(ConformanceFailure) -> Value {
    guard let value else {
        throw ConformanceFailure(message: "\(what()) is missing", file: file, line: line)
    }
    return value
}

/// The kinds of errors that the contract tells apart.
enum ErrorKind: Hashable {
    case stale, rejected, unavailable, unreadable

    init(_ error: StoreError) {
        self =
            switch error {
            case .stale: .stale
            case .rejected: .rejected
            case .unavailable: .unavailable
            case .unreadable: .unreadable
            }
    }
}

/// Fails unless the body throws an error of this kind.
func expectError(
    _ kind: ErrorKind, _ what: @autoclosure () -> String, file: String = #fileID, line: Int = #line,
    _ body: () throws(StoreError) -> Void
) throws(ConformanceFailure) {
    do {
        try body()
    } catch {
        try expectEqual(ErrorKind(error), kind, "the error of \(what())", file: file, line: line)
        return
    }
    throw ConformanceFailure(message: "\(what()) succeeds instead of failing as \(kind)", file: file, line: line)
}
