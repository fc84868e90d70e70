import ApusStore
import GRDB
import GRDBSQLite

/// What SQLite answered when something did not work.
struct SQLiteFailure: Error, Hashable, CustomStringConvertible {
    /// The extended result code.
    var code: Int32
    var message: String

    init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The newest failure of a connection.
    init(_ connection: OpaquePointer, code: Int32) {
        self.init(code: code, message: String(cString: sqlite3_errmsg(connection)))
    }

    init(_ error: DatabaseError) {
        self.init(code: error.extendedResultCode.rawValue, message: error.message ?? "")
    }

    var description: String {
        let meaning = sqlite3_errstr(code).map { String(cString: $0) } ?? "unknown"
        return message.isEmpty || message == meaning
            ? "\(meaning) (SQLite \(code))" : "\(meaning): \(message) (SQLite \(code))"
    }

    /// Result codes keep the kind in the low byte.
    private var kind: Int32 { code & 0xff }

    var storeError: StoreError {
        switch kind {
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE: .rejected(description)
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .unreadable(description)
        case SQLITE_INTERRUPT: .unavailable("a query took too long and was given up")
        // An SQL error would repeat for ever, but to call the writes at fault would throw them away.
        default: .unavailable(description)
        }
    }
}

extension StoreError {
    /// Whether the connection that answered so can be trusted no longer.
    var breaksConnection: Bool {
        switch self {
        case .unavailable, .unreadable: true
        case .stale, .rejected: false
        }
    }

    init(_ error: any Error) {
        self =
            switch error {
            case let error as StoreError: error
            case let error as SQLiteFailure: error.storeError
            case let error as DatabaseError: SQLiteFailure(error).storeError
            default: .unavailable(String(describing: error))
            }
    }
}
