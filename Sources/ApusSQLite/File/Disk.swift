import ApusStore
import Foundation

/// What the store asks of the file system itself.
enum Disk {
    /// Makes a file's bytes, or the names in a directory, durable.
    static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unavailable("\(path) cannot be opened: \(SystemFailure.newest)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unavailable("\(path) cannot be synced: \(SystemFailure.newest)") }
    }
}

/// Why a system call failed.
struct SystemFailure: CustomStringConvertible {
    /// `errno`.
    var code: Int32

    /// The newest failure on this thread.
    static var newest: SystemFailure { SystemFailure(code: errno) }

    var description: String { String(cString: strerror(code)) }
}
