import Synchronization

/// Bytes that somebody still has to get, each piece counted once however many wait for it.
final class WaitingBytes: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    /// Counts bytes for as long as the result lives.
    func hold(_ bytes: Int) -> Hold { Hold(bytes, of: self) }

    final class Hold: Sendable {
        private let bytes: Int
        private let whole: WaitingBytes

        fileprivate init(_ bytes: Int, of whole: WaitingBytes) {
            self.bytes = bytes
            self.whole = whole
            whole.count.add(bytes, ordering: .relaxed)
        }

        deinit { whole.count.subtract(bytes, ordering: .relaxed) }
    }
}
