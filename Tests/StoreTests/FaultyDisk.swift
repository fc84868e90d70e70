import Foundation
import GRDBSQLite

/// A disk that fails on demand: a layer over SQLite's own file access, through which all files of
/// the test process go and which only interferes with those under a faulty directory.
///
/// @unchecked because the lock guards everything that changes.
final class FaultyDisk: @unchecked Sendable {
    static let shared = FaultyDisk()

    static let full = SQLITE_FULL
    // Extended codes are macros that are not imported.
    static let failedWrite = SQLITE_IOERR | 3 << 8
    static let failedSync = SQLITE_IOERR | 4 << 8

    /// What file operations answer instead of doing their work.
    struct Fault {
        var operation: Operation
        /// How the names of the files end: `.db` or `.db-wal`.
        var suffix: String
        /// A SQLite result code.
        var code: Int32
        /// Operations that still succeed before the first one fails.
        var after = 0

        enum Operation {
            /// After one that failed nobody knows what the disk has.
            case sync
            case write
        }
    }

    private typealias File = UnsafeMutablePointer<sqlite3_file>
    private typealias Methods = UnsafePointer<sqlite3_io_methods>

    private let lock = NSLock()
    private var faults: [String: Fault] = [:]
    private var writes: [String: Int] = [:]
    private var files: [File: (path: String, methods: Methods)] = [:]
    /// Ours by SQLite's.
    private var replacements: [Methods: Methods] = [:]
    private let original: UnsafeMutablePointer<sqlite3_vfs>

    private init() {
        guard let original = sqlite3_vfs_find(nil) else { preconditionFailure("SQLite has file access") }
        self.original = original
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: original.pointee)
        layer.pointee.zName = UnsafePointer(strdup("apus-faulty"))
        layer.pointee.xOpen = { _, name, file, flags, outFlags in
            FaultyDisk.shared.open(name, file, flags, outFlags)
        }
        sqlite3_vfs_register(layer, 1)
    }

    /// How often files were written to.
    func writes(to path: String) -> Int {
        lock.withLock { writes[path] ?? 0 }
    }

    /// Lets files under a directory fail, or be well again. The directory's files must have been
    /// opened after the first use of the disk.
    func set(_ fault: Fault?, under directory: String) {
        lock.withLock { faults[directory] = fault }
    }

    private func open(
        _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
        _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let open = original.pointee.xOpen else { return SQLITE_MISUSE }
        let code = open(original, name, file, flags, outFlags)
        guard code == SQLITE_OK, let name, let file, let methods = file.pointee.pMethods else { return code }
        lock.withLock {
            files[file] = (String(cString: name), methods)
            file.pointee.pMethods = replacement(for: methods)
        }
        return code
    }

    private func replacement(for methods: Methods) -> Methods {
        if let known = replacements[methods] { return known }
        let copy = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        copy.initialize(to: methods.pointee)
        copy.pointee.xSync = { file, flags in
            let (fault, methods) = FaultyDisk.shared.next(.sync, file)
            return fault ?? methods?.pointee.xSync(file, flags) ?? SQLITE_MISUSE
        }
        copy.pointee.xWrite = { file, bytes, count, offset in
            let (fault, methods) = FaultyDisk.shared.next(.write, file)
            return fault ?? methods?.pointee.xWrite(file, bytes, count, offset) ?? SQLITE_MISUSE
        }
        copy.pointee.xClose = { file in
            let (_, methods) = FaultyDisk.shared.next(nil, file)
            FaultyDisk.shared.forget(file)
            return methods?.pointee.xClose(file) ?? SQLITE_MISUSE
        }
        replacements[methods] = UnsafePointer(copy)
        return UnsafePointer(copy)
    }

    /// The answer that an operation has to give, if it is to fail, and the methods that do its work.
    private func next(
        _ operation: Fault.Operation?, _ file: UnsafeMutablePointer<sqlite3_file>?
    ) -> (fault: Int32?, methods: Methods?) {
        lock.withLock {
            guard let file, let (path, methods) = files[file] else { return (nil, nil) }
            if operation == .write { writes[path, default: 0] += 1 }
            for (directory, fault) in faults
            where path.hasPrefix(directory) && path.hasSuffix(fault.suffix) && fault.operation == operation {
                guard fault.after == 0 else {
                    faults[directory]?.after -= 1
                    continue
                }
                return (fault.code, methods)
            }
            return (nil, methods)
        }
    }

    private func forget(_ file: UnsafeMutablePointer<sqlite3_file>?) {
        guard let file else { return }
        lock.withLock { files[file] = nil }
    }
}
