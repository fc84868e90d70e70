import NIOCore

/// Time that has passed, by a clock that never goes back.
struct Stopwatch {
    private let start = NIODeadline.now()

    var nanoseconds: Double { Double((NIODeadline.now() - start).nanoseconds) }
    var seconds: Double { nanoseconds / 1e9 }
}

/// The point in time that marks carry from the sender of an event to the app: both are this process.
enum Clock {
    static var nanoseconds: UInt64 { NIODeadline.now().uptimeNanoseconds }
}
