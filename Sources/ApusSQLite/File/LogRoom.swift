import GRDBSQLite

/// Lets the write-ahead log grow in large steps of zeros ahead of the writer.
///
/// A sync of bytes that a file already had costs the disk one write; a sync after the file has grown
/// by a page also costs it a change of the file system's own records, which takes ten times as long.
/// SQLite ends the log at the first frame that is not its own, so zeros after it mean nothing.
///
/// Confined to the queue of the connection that writes: nobody else writes to the log.
final class LogRoom {
    private static let step = 1 << 20
    private static let zeros = [UInt8](repeating: 0, count: 1 << 16)
    /// Bytes that one commit may be expected to need.
    private static let reserve: Int64 = 1 << 17
    private let log: UnsafeMutablePointer<sqlite3_file>
    /// How the file is written to, with nothing of ours before it.
    private let methods: sqlite3_io_methods
    private let limit: Int64
    /// The end of the room, as far as it is known.
    private var end: Int64 = 0

    /// - Parameter limit: bytes of the log past which it grows by itself.
    init?(_ connection: OpaquePointer, upTo limit: Int64) {
        guard let log = Log.file(of: connection), let methods = log.pointee.pMethods?.pointee else { return nil }
        self.log = log
        self.methods = methods
        self.limit = limit
    }

    /// Makes room when little is left. A disk that has none will say so at the next commit.
    /// - Parameter used: bytes of the log up to the newest commit.
    func grow(used: Int64) {
        guard used + LogRoom.reserve > end, used < limit else { return }
        // Whatever happens, not again at once.
        end = used + LogRoom.reserve + Int64(LogRoom.step)
        var size: Int64 = 0
        guard methods.xFileSize(log, &size) == SQLITE_OK else { return }
        let target = max(size, used) + Int64(LogRoom.step)
        // An earlier log left the room.
        guard size < used + LogRoom.reserve else { return end = size }
        while size < target {
            let count = Int32(min(Int64(LogRoom.zeros.count), target - size))
            guard methods.xWrite(log, LogRoom.zeros, count, size) == SQLITE_OK else { return }
            size += Int64(count)
        }
        end = size
    }
}
