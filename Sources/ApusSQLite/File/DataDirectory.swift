import ApusStore
import Foundation

/// The directory that holds a store's files, locked for this process until it is closed.
final class DataDirectory: Sendable {
    let path: String
    /// A throw-away directory is removed with everything in it.
    let isTemporary: Bool
    private let lock: DirectoryLock

    /// Opens a directory, and makes it and those above it when there is none.
    init(path: String) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unavailable("the data directory \(path) cannot be made: \(SystemFailure.newest)")
        }
        self.path = path
        isTemporary = false
        lock = try DirectoryLock(path: path + "/apus.lock", directory: path)
    }

    /// Makes a directory of its own for a store that nobody needs afterwards.
    static func temporary() throws(StoreError) -> DataDirectory {
        let pattern = (NSTemporaryDirectory() as NSString).appendingPathComponent("apus-XXXXXX")
        var template = Array(pattern.utf8CString)
        guard let made = mkdtemp(&template) else {
            throw .unavailable("no temporary directory can be made: \(SystemFailure.newest)")
        }
        return try DataDirectory(temporary: String(cString: made))
    }

    private init(temporary path: String) throws(StoreError) {
        self.path = path
        isTemporary = true
        lock = try DirectoryLock(path: path + "/apus.lock", directory: path)
    }

    deinit {
        close()
    }

    /// Leaves the directory to others, when its files are closed.
    func close() {
        // A leftover of a throw-away store is for the system's own cleaning of temporary files.
        if isTemporary { try? FileManager.default.removeItem(atPath: path) }
        lock.release()
    }

    var databasePath: String { path + "/apus.db" }
}
