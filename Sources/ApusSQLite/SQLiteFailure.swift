import ApusStore
import GRDB
import GRDBSQLite

/// What SQLite answered when something did not work.
struct SQLiteFailure: Error, Hashable, CustomStringConvertible {
    /// The extended result code.
    var code: Int32
    /// What SQLite says of it; may be empty.
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

    /// `nil` when the error does not come from SQLite.
    init?(_ error: any Error) {
        switch error {
        case let failure as SQLiteFailure: self = failure
        case let error as DatabaseError: self.init(error)
        default: return nil
        }
    }

    var description: String {
        let meaning = sqlite3_errstr(code).map { String(cString: $0) } ?? "unknown"
        return message.isEmpty || message == meaning
            ? "\(meaning) (SQLite \(code))" : "\(meaning): \(message) (SQLite \(code))"
    }

    /// Result codes keep the kind in the low byte.
    private var kind: Int32 { code & 0xff }

    /// What the failure means to those who use the store.
    var storeError: StoreError {
        switch kind {
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE: .rejected(description)
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .unreadable(description)
        case SQLITE_INTERRUPT: .unavailable("a query took too long and was given up")
        // An SQL error would repeat for ever, but to call the writes at fault would throw them away.
        default: .unavailable(description)
        }
    }

    /// Whether the file has to be closed and opened again before anything else is written: all but
    /// the failures that only concern what was to be written.
    var breaksConnection: Bool {
        if case .rejected = storeError { false } else { kind != SQLITE_INTERRUPT }
    }
}

extension StoreError {
    init(_ error: any Error) {
        self =
            error as? StoreError ?? SQLiteFailure(error)?.storeError ?? .unavailable(String(describing: error))
    }
}
