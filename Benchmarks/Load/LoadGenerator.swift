import NIOCore

/// Connections that are kept busy: each sends its next request as soon as the last is answered.
struct LoadGenerator: Sendable {
    private let loop: any EventLoop
    private let connections: [NIOLoopBound<ClientConnection>]

    init(port: Int, connections: Int, on loop: any EventLoop) async throws {
        self.loop = loop
        let opening = (0..<connections).map { _ in ClientConnection.connect(port: port, on: loop) }
        self.connections = try await EventLoopFuture.whenAllSucceed(opening, on: loop).get()
    }

    /// What was sent, and how long it took until the last answer.
    struct Result: Sendable {
        var requests: Int
        var seconds: Double
    }

    /// Sends requests for a while.
    /// - Throws: at the first request that fails or is not answered with 200.
    func run(_ source: RequestSource, for seconds: Double) async throws -> Result {
        let promise = loop.makePromise(of: Result.self)
        loop.execute {
            let run = LoadRun(source, until: .now() + .microseconds(Int64(seconds * 1_000_000)), promise)
            for connection in connections { run.next(on: connection.value) }
        }
        return try await promise.futureResult.get()
    }

    func close() {
        loop.execute {
            for connection in connections { connection.value.close() }
        }
    }
}

/// One run of a load generator. Confined to its event loop.
private final class LoadRun {
    private var source: RequestSource
    private let deadline: NIODeadline
    private let promise: EventLoopPromise<LoadGenerator.Result>
    private let watch = Stopwatch()
    private var requests = 0
    private var open = 0
    private var hasFailed = false

    init(_ source: RequestSource, until deadline: NIODeadline, _ promise: EventLoopPromise<LoadGenerator.Result>) {
        self.source = source
        self.deadline = deadline
        self.promise = promise
    }

    func next(on connection: ClientConnection) {
        guard !hasFailed, deadline > .now() else {
            if open == 0 { promise.succeed(LoadGenerator.Result(requests: requests, seconds: watch.seconds)) }
            return
        }
        open += 1
        connection.send(source.next()) { [self] result in
            open -= 1
            switch result {
            case .success(let answer) where answer.status == 200:
                requests += 1
                next(on: connection)
            case .success(let answer):
                fail(BenchmarkError("a request was answered with \(answer.status): \(String(buffer: answer.body))"))
            case .failure(let error):
                fail(error)
            }
        }
    }

    private func fail(_ error: any Error) {
        guard !hasFailed else { return }
        hasFailed = true
        promise.fail(error)
    }
}
