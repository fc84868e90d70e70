import GRDBSQLite

/// Gathers what SQLite writes to its write-ahead log, so that a commit reaches the file in one write.
///
/// SQLite writes each page of a commit in two parts, its header and the page, and each of them is a call of the operating
/// system: 28 for an event that starts a run. Here they come to lie one behind the other in memory until SQLite asks for
/// the sync that ends the commit, or for what it has just written. So whatever is read of the file, by whomever, is what
/// would be there without this.
///
/// That holds because a commit is only shown to other connections after its sync, which `synchronous = FULL` demands: this
/// is for such connections alone. A write that fails is reported by the sync, which fails the commit just so. As SQLite was
/// told before that the write had worked, the file takes nothing more until it is opened again.
///
/// It takes the place of the methods of one open file, and lives as long as that is open. What it stands before are the
/// methods that it found there.
enum LogBuffer {
    /// Bytes that are held back at most; a larger commit is written in pieces. SQLite's file access takes fewer than 128 KiB
    /// at a time, and more than any page has.
    fileprivate static let capacity = 120_000

    /// Stands before the log of a connection that writes. To be called once, after it has used its log.
    static func install(on connection: OpaquePointer) {
        guard let log = Log.file(of: connection), let methods = log.pointee.pMethods,
            // The file's pointer to its methods is how these are found again.
            MemoryLayout<Held>.offset(of: \.methods) == 0
        else { return }
        let held = UnsafeMutablePointer<Held>.allocate(capacity: 1)
        held.initialize(to: Held(own: methods))
        log.pointee.pMethods = UnsafeRawPointer(held).assumingMemoryBound(to: sqlite3_io_methods.self)
    }
}

/// What is held back of one file.
private struct Held {
    /// Those of the file, with ours in place of some.
    var methods: sqlite3_io_methods
    /// The file's own.
    let own: UnsafePointer<sqlite3_io_methods>
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: LogBuffer.capacity, alignment: 16)
    var count = 0
    /// Where in the file the first byte belongs.
    var offset: sqlite3_int64 = 0
    /// The result of the write that failed.
    var failure = SQLITE_OK

    init(own: UnsafePointer<sqlite3_io_methods>) {
        self.own = own
        methods = own.pointee
        methods.xClose = bufferedClose
        methods.xRead = bufferedRead
        methods.xWrite = bufferedWrite
        methods.xTruncate = bufferedTruncate
        methods.xSync = bufferedSync
        methods.xFileSize = bufferedFileSize
    }

    /// - Returns: whether the bytes follow those that are here, and have room.
    mutating func append(_ added: UnsafeRawPointer, _ size: Int, at place: sqlite3_int64) -> Bool {
        guard failure == SQLITE_OK else { return false }
        if count == 0 { offset = place }
        guard place == offset + sqlite3_int64(count), count + size <= LogBuffer.capacity else { return false }
        (bytes + count).copyMemory(from: added, byteCount: size)
        count += size
        return true
    }

    /// Whether reading the file itself gives what was written there.
    func isWritten(_ place: sqlite3_int64, _ size: sqlite3_int64) -> Bool {
        failure == SQLITE_OK && (count == 0 || place + size <= offset || offset + sqlite3_int64(count) <= place)
    }

    mutating func flush(_ file: UnsafeMutablePointer<sqlite3_file>) -> Int32 {
        guard count > 0, failure == SQLITE_OK else { return failure }
        failure = own.pointee.xWrite(file, bytes, Int32(count), offset)
        count = 0
        return failure
    }
}

private typealias File = UnsafeMutablePointer<sqlite3_file>

private func held(_ file: File) -> UnsafeMutablePointer<Held>? {
    file.pointee.pMethods.map { UnsafeMutableRawPointer(mutating: $0).assumingMemoryBound(to: Held.self) }
}

/// Writes what is held back, and goes on with the file's own methods.
private func flushed(_ file: File?, then next: (File, sqlite3_io_methods) -> Int32) -> Int32 {
    guard let file, let held = held(file) else { return SQLITE_MISUSE }
    let code = held.pointee.flush(file)
    return code == SQLITE_OK ? next(file, held.pointee.own.pointee) : code
}

private let bufferedWrite: @convention(c) (File?, UnsafeRawPointer?, Int32, sqlite3_int64) -> Int32 = {
    file, bytes, size, place in
    guard let file, let bytes, let held = held(file) else { return SQLITE_MISUSE }
    if held.pointee.append(bytes, Int(size), at: place) { return SQLITE_OK }
    return flushed(file) { file, own in
        held.pointee.append(bytes, Int(size), at: place) ? SQLITE_OK : own.xWrite(file, bytes, size, place)
    }
}

private let bufferedRead: @convention(c) (File?, UnsafeMutableRawPointer?, Int32, sqlite3_int64) -> Int32 = {
    file, bytes, size, place in
    guard let file, let held = held(file) else { return SQLITE_MISUSE }
    if held.pointee.isWritten(place, sqlite3_int64(size)) {
        return held.pointee.own.pointee.xRead(file, bytes, size, place)
    }
    return flushed(file) { file, own in own.xRead(file, bytes, size, place) }
}

private let bufferedSync: @convention(c) (File?, Int32) -> Int32 = { file, flags in
    flushed(file) { file, own in own.xSync(file, flags) }
}

private let bufferedTruncate: @convention(c) (File?, sqlite3_int64) -> Int32 = { file, size in
    flushed(file) { file, own in own.xTruncate(file, size) }
}

private let bufferedFileSize: @convention(c) (File?, UnsafeMutablePointer<sqlite3_int64>?) -> Int32 = { file, size in
    flushed(file) { file, own in own.xFileSize(file, size) }
}

private let bufferedClose: @convention(c) (File?) -> Int32 = { file in
    guard let file, let held = held(file) else { return SQLITE_MISUSE }
    let own = held.pointee.own
    // As the file would be without this, also in its own eyes.
    file.pointee.pMethods = own
    held.pointee.bytes.deallocate()
    held.deinitialize(count: 1)
    held.deallocate()
    return own.pointee.xClose(file)
}
