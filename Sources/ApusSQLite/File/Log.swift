import GRDBSQLite

/// The write-ahead log as a file.
enum Log {
    /// The file of a connection that has used its log; SQLite's own, and only its owner's to use.
    static func file(of connection: OpaquePointer) -> UnsafeMutablePointer<sqlite3_file>? {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = withUnsafeMutablePointer(to: &file) {
            sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, $0)
        }
        return code == SQLITE_OK ? file : nil
    }
}
