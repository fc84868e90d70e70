import ApusStore
import Foundation

/// The directory that holds a store's files, locked for this process until it is closed.
final class DataDirectory: Sendable {
    /// Absolute, without a slash at the end.
    let path: String
    /// A throw-away directory is removed with everything in it.
    let isTemporary: Bool
    private let lock: DirectoryLock

    /// Opens a directory, and makes it and those above it when there is none.
    init(path: String) throws(StoreError) {
        let path = URL(filePath: path).standardizedFileURL.path
        try DataDirectory.make(path)
        self.path = path
        isTemporary = false
        lock = try DirectoryLock(path: path + "/apus.lock", directory: path)
    }

    private static func make(_ path: String) throws(StoreError) {
        var missing: [String] = []
        var next = path
        while !FileManager.default.fileExists(atPath: next), next != "/" {
            next = (next as NSString).deletingLastPathComponent
            missing.append(next)
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unavailable("the data directory \(path) cannot be made: \(error.localizedDescription)")
        }
        // The names of new directories have to survive a power cut as well as what is in them.
        for parent in missing { try Disk.sync(parent) }
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

    /// The database file; SQLite puts its log and its index of the log beside it.
    var databasePath: String { path + "/apus.db" }
}
