import Foundation
import Synchronization

/// A directory for one test, removed with everything in it.
final class TemporaryDirectory: Sendable {
    let path: String
    private let count = Mutex(0)

    init() throws {
        let name = "apus-tests-" + UUID().uuidString
        path = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().appending(path: name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A place in the directory that nothing has used.
    func newPath() -> String {
        path + "/"
            + count.withLock { count in
                count += 1
                return String(count)
            }
    }
}
