import DequeModule
import NIOCore

/// Sends single events, each on a connection that has nothing else to do.
final class EventSender: Sendable {
    private let loop: any EventLoop
    private let core: NIOLoopBound<Core>

    init(port: Int, connections: Int, on loop: any EventLoop) async throws {
        self.loop = loop
        let opening = (0..<connections).map { _ in ClientConnection.connect(port: port, on: loop) }
        core = try await EventLoopFuture.whenAllSucceed(opening, on: loop)
            .map { NIOLoopBound(Core($0.map(\.value)), eventLoop: loop) }
            .get()
    }

    /// Sends a request as soon as a connection is free.
    func send(_ request: ByteBuffer) {
        loop.execute { self.core.value.send(request) }
    }

    /// Sends an event with the present time in it, as soon as a connection is free.
    func send(_ event: MarkedEvent) {
        loop.execute { self.core.value.send(event.request(at: Clock.nanoseconds)) }
    }

    /// - Throws: why an event was not accepted.
    func check() async throws {
        if let failure = try await loop.submit({ self.core.value.failure }).get() { throw failure }
    }

    /// Waits until everything has been answered.
    func drain() async throws {
        while try await loop.submit({ self.core.value.isBusy }).get() {
            try await check()
            try await Task.sleep(for: .milliseconds(2))
        }
        try await check()
    }

    func close() {
        loop.execute { self.core.value.close() }
    }

    private final class Core {
        private let connections: [ClientConnection]
        private var idle: [ClientConnection]
        private var waiting = CircularBuffer<ByteBuffer>()
        private(set) var failure: BenchmarkError?

        init(_ connections: [ClientConnection]) {
            self.connections = connections
            idle = connections
        }

        var isBusy: Bool { idle.count < connections.count }

        func send(_ event: ByteBuffer) {
            guard let connection = idle.popLast() else { return waiting.append(event) }
            connection.send(event) { [self] result in
                note(result)
                idle.append(connection)
                if let next = waiting.popFirst() { send(next) }
            }
        }

        private func note(_ result: Result<ClientConnection.Answer, any Error>) {
            switch result {
            case .success(let answer) where (200..<300).contains(answer.status): break
            case .success(let answer): failure = BenchmarkError("an event was answered with \(answer.status)")
            case .failure(let error): failure = BenchmarkError("an event was not answered: \(error)")
            }
        }

        func close() {
            for connection in connections { connection.close() }
        }
    }
}
