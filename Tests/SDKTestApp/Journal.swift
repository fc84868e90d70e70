import Foundation
import Synchronization

/// A file that survives the process, with a line for everything that a test wants to see.
final class Journal: Sendable {
    private let path: String
    private let lock = Mutex(())

    init(path: String) {
        self.path = path
    }

    func note(_ line: String) {
        lock.withLock { _ in
            guard let file = FileHandle(forWritingAtPath: path) else { return }
            _ = try? file.seekToEnd()
            try? file.write(contentsOf: Data("\(line)\n".utf8))
            try? file.close()
        }
    }
}
