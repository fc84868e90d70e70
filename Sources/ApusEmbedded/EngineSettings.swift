import Logging

/// How an engine behaves.
public struct EngineSettings: Sendable {
    /// Megabytes above which the oldest runs that have ended are removed, from 16.
    public var storeMegabytes = 2_048
    /// Handlers that run at once; others wait for their turn.
    public var concurrentCalls = 1_000
    /// A fixed time between two attempts; `nil` means times that grow, with some chance in them.
    public var retryInterval: Duration?
    /// How long ``Engine/shutdown()`` lets bodies of steps that run come to their end, before it cancels their tasks.
    public var shutdownPatience = Duration.seconds(10)
    /// Whether requests that steps ask the engine for, `step.fetch` and `step.infer`, may reach this machine and
    /// private networks; link-local addresses are refused always.
    public var allowsPrivateNetworks = true
    /// Where the engine writes what it has to say; where its client does if not said.
    public var logger: Logger?

    /// The usual settings.
    public init() {}

    var problem: String? {
        if storeMegabytes < 16 { return "storeMegabytes must be at least 16" }
        if concurrentCalls < 1 { return "concurrentCalls must be at least 1" }
        if let retryInterval, retryInterval < .zero { return "retryInterval must not be negative" }
        if shutdownPatience < .zero { return "shutdownPatience must not be negative" }
        return nil
    }
}
