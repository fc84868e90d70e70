import NIOCore

/// Sends single requests to apps for those who live outside the event loop: syncs and discovery.
package final class AppProbe: Sendable {
    private let client: NIOLoopBoundBox<AppClient>
    private let loop: any EventLoop

    package init(loop: any EventLoop, userAgent: String, networks: NetworkRules = .apps()) {
        var configuration = AppClient.Configuration()
        configuration.networks = networks
        configuration.connectTimeout = .seconds(2)
        configuration.maxIdleConnectionsPerOrigin = 0
        self.loop = loop
        client = NIOLoopBoundBox.makeBoxSendingValue(
            AppClient(eventLoop: loop, configuration: configuration),
            eventLoop: loop
        )
    }

    package func send(_ request: AppRequest, within timeout: TimeAmount) async -> Result<AppResponse, AppCallFailure> {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                client.value.call(request, deadline: .now() + timeout) { continuation.resume(returning: $0) }
            }
        }
    }
}
