import ApusCore
import ApusEngine
import GRDB
import GRDBSQLite

/// A prepared statement that is used many times. Confined to its connection's queue, and released
/// before the connection is closed.
///
/// Bind every parameter, then `run`, or `step` and read columns until it gives `false`.
final class Statement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    /// GRDB's statement behind a borrowed handle; `nil` when the handle is our own.
    private let lender: GRDB.Statement?
    private var bindingCode = SQLITE_OK

    /// A statement of our own.
    init(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw SQLiteFailure(connection, code: code) }
        self.handle = handle
        self.connection = connection
        lender = nil
    }

    /// A statement from the connection's cache; not to be taken twice at a time.
    init(_ sql: String, cachedBy database: Database) throws {
        guard let connection = database.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        let lender = try database.cachedStatement(sql: sql)
        self.handle = lender.sqliteStatement
        self.connection = connection
        self.lender = lender
        reset()
    }

    deinit {
        if lender == nil { sqlite3_finalize(handle) } else { reset() }
    }

    /// The text that it was prepared from.
    var sql: String { sqlite3_sql(handle).map { String(cString: $0) } ?? "" }

    // MARK: - Parameters, counted from 1

    /// An integer.
    func bind(_ position: Int32, _ value: Int64) {
        note(sqlite3_bind_int64(handle, position, value))
    }

    /// An integer or NULL.
    func bind(_ position: Int32, _ value: Int64?) {
        note(value.map { sqlite3_bind_int64(handle, position, $0) } ?? sqlite3_bind_null(handle, position))
    }

    /// 16 bytes, most significant first.
    func bind(_ position: Int32, high: UInt64, low: UInt64) {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bind(position, $0) }
    }

    /// A blob, copied.
    func bind(_ position: Int32, _ value: [UInt8]) {
        value.withUnsafeBytes { bind(position, $0) }
    }

    /// With its length, because a text may hold NUL.
    func bind(_ position: Int32, _ value: String) {
        let count = UInt64(value.utf8.count)
        note(sqlite3_bind_text64(handle, position, value, count, Statement.copies, UInt8(SQLITE_UTF8)))
    }

    /// A text or NULL.
    func bind(_ position: Int32, _ value: String?) {
        guard let value else {
            note(sqlite3_bind_null(handle, position))
            return
        }
        bind(position, value)
    }

    private func bind(_ position: Int32, _ bytes: UnsafeRawBufferPointer) {
        // A nil pointer would bind NULL instead of the empty blob.
        guard let address = bytes.baseAddress, !bytes.isEmpty else {
            note(sqlite3_bind_zeroblob(handle, position, 0))
            return
        }
        note(sqlite3_bind_blob64(handle, position, address, UInt64(bytes.count), Statement.copies))
    }

    /// SQLITE_TRANSIENT, a cast that C headers cannot export.
    private static var copies: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// Binding fails for values that are too large; `step` reports the first such failure.
    private func note(_ code: Int32) {
        if bindingCode == SQLITE_OK { bindingCode = code }
    }

    // MARK: - Running

    /// Runs to the end, ignoring rows.
    /// - Returns: the number of rows that it changed.
    @discardableResult
    func run() throws(SQLiteFailure) -> Int {
        while try step() {}
        return Int(sqlite3_changes64(connection))
    }

    /// - Returns: whether there is a row; after the last one the statement can be bound anew.
    func step() throws(SQLiteFailure) -> Bool {
        let code = bindingCode == SQLITE_OK ? sqlite3_step(handle) : bindingCode
        switch code {
        case SQLITE_ROW:
            return true
        case SQLITE_DONE:
            reset()
            return false
        default:
            let failure =
                bindingCode == SQLITE_OK
                ? SQLiteFailure(connection, code: sqlite3_extended_errcode(connection))
                : SQLiteFailure(code: bindingCode, message: "")
            reset()
            throw failure
        }
    }

    /// Ends a statement that may have more rows, and lets go of what was bound.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        bindingCode = SQLITE_OK
    }

    // MARK: - Columns, counted from 0

    /// 0 for NULL.
    func int(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    /// Whether the column is NULL.
    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    /// `nil` for NULL.
    func int(orNil column: Int32) -> Int64? {
        isNull(column) ? nil : int(column)
    }

    /// A text; bytes that are not UTF-8 are replaced.
    func text(_ column: Int32) -> String {
        String(decoding: blob(column), as: UTF8.self)
    }

    /// A blob, or the bytes of a text; empty for NULL.
    func bytes(_ column: Int32) -> [UInt8] {
        Array(blob(column))
    }

    /// The two halves of a 16-byte blob; zeros, which name nothing, when it has another length.
    func halves(_ column: Int32) -> (high: UInt64, low: UInt64) {
        let bytes = blob(column)
        guard bytes.count == 16 else { return (0, 0) }
        return (
            UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    /// Valid until the next step.
    private func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        // The bytes of texts are wanted as they are, with any NUL in them.
        guard let address = sqlite3_column_blob(handle, column) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column)))
    }
}

extension Statement {
    /// Prepares, runs and forgets.
    static func run(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) {
        try Statement(sql, on: connection).run()
    }

    /// The first column of the first row of a statement without parameters.
    static func int(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) -> Int64 {
        let statement = try Statement(sql, on: connection)
        guard try statement.step() else { throw SQLiteFailure(code: SQLITE_DONE, message: "no row: \(sql)") }
        return statement.int(0)
    }
}
