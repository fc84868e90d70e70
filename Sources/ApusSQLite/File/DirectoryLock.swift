import ApusStore
import Foundation
import Synchronization

/// Keeps a second process off a data directory. The operating system lets go of it when the process
/// ends, however it ends; the file stays and means nothing by itself.
final class DirectoryLock: Sendable {
    /// `nil` once the lock was let go.
    private let descriptor: Mutex<Int32?>

    /// - Throws: `.unavailable`, with the other process's id, when the lock is held.
    init(path: String, directory: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .unavailable("the lock file \(path) cannot be opened: \(SystemFailure.newest)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            let owner = DirectoryLock.owner(descriptor)
            close(descriptor)
            guard cause == EWOULDBLOCK else {
                throw .unavailable("\(path) cannot be locked: \(SystemFailure(code: cause))")
            }
            throw .unavailable("\(directory) is in use by process \(owner)")
        }
        let text = Array("\(getpid())\n".utf8)
        // The number is for people; without it the lock holds as well.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Lets others in; harmless when done before.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    private static func owner(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let digits = buffer.prefix(max(count, 0)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
