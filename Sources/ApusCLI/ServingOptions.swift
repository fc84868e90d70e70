import ArgumentParser

/// What every server can be told: the flags of the reference with the same meaning, and our own.
struct ServingOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "The port to listen on.")
    var port = 8288

    @Option(name: .long, help: "The address to listen on: for dev 127.0.0.1 unless it says, for start 0.0.0.0.")
    var host: String?

    @Option(
        name: [.customShort("u"), .customLong("sdk-url")],
        help: "The URL of an app; may be given several times."
    )
    var sdkURL: [String] = []

    @Option(name: .long, help: "Seconds between two rounds of asking apps for changes.")
    var pollInterval = 5

    @Option(name: .long, help: "Fixed seconds between attempts; 0 means growing delays.")
    var retryInterval = 0

    @Option(name: [.customLong("data-dir"), .customLong("sqlite-dir")], help: "Where the store is kept.")
    var dataDir = ".apus"

    @Flag(name: .long, help: "Serve no pages, only the API.")
    var noUi = false

    @Option(name: .long, help: "Megabytes above which the oldest finished runs are removed.")
    var maxStoreMb = 2_048

    @Option(name: .long, help: "Schedules that send events, at most.")
    var maxSchedules = 1_000_000

    @Option(
        name: .long,
        help: "Seconds without news after which a run that its app handles in a request of its own is called."
    )
    var endpointPatience = 600

    @Option(name: .long, help: "Seconds that calls under way may take to finish at the end.")
    var drainTimeout = 10

    @Option(name: .long, help: "Event loops: 1, or 2 to answer requests apart. 1 where there are one or two cores.")
    var threads: Int?

    @OptionGroup var networks: NetworkOptions

    @Option(name: [.customShort("l"), .long], help: "trace, debug, info, warn or error.")
    var logLevel = "info"

    @Option(name: .long, help: "text or json; json is the default when standard output is no terminal.")
    var logFormat: LogFormat?

    @Flag(name: .long, help: ArgumentHelp("The same as --log-format json.", visibility: .hidden))
    var json = false

    @Flag(name: [.customShort("v"), .long], help: ArgumentHelp("The same as --log-level debug.", visibility: .hidden))
    var verbose = false

    var logsAs: LogFormat { (json ? .json : logFormat) ?? Logs.defaultFormat }

    @Option(name: .long, help: "A JSON or YAML file of settings; its keys are these options' long names.")
    var config: String?

    @OptionGroup(visibility: .hidden)
    var ignored: IgnoredOptions

    /// What the environment and a file may set. Flags of services that Apus does not need are not
    /// among them: nobody has to hear of what is ignored without having typed it.
    static let settings: [Setting] =
        NetworkOptions.settings + [
            Setting(name: "port", short: "p"),
            Setting(name: "host"),
            Setting(name: "sdk-url", short: "u", kind: .list),
            Setting(name: "poll-interval"),
            Setting(name: "retry-interval"),
            Setting(name: "data-dir", alias: "sqlite-dir"),
            Setting(name: "no-ui", kind: .flag),
            Setting(name: "max-store-mb"),
            Setting(name: "max-schedules"),
            Setting(name: "endpoint-patience"),
            Setting(name: "drain-timeout"),
            Setting(name: "threads"),
            Setting(name: "log-level", short: "l"),
            Setting(name: "log-format"),
            Setting(name: "json", kind: .flag),
            Setting(name: "verbose", short: "v", kind: .flag),
        ]

    mutating func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be between 0 and 65535.") }
        guard pollInterval >= 0 else { throw ValidationError("--poll-interval must not be negative.") }
        guard retryInterval >= 0 else { throw ValidationError("--retry-interval must not be negative.") }
        guard endpointPatience >= 1 else { throw ValidationError("--endpoint-patience must be at least 1.") }
        guard [nil, 1, 2].contains(threads) else { throw ValidationError("--threads must be 1 or 2.") }
        guard drainTimeout >= 0 else { throw ValidationError("--drain-timeout must not be negative.") }
        guard maxSchedules >= 1 else { throw ValidationError("--max-schedules must be at least 1.") }
        guard maxStoreMb >= 16 else { throw ValidationError("--max-store-mb must be at least 16.") }
    }
}

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// Flags of the reference for services that Apus does not need. They are accepted, so that its
/// command lines keep working, and named in a note.
struct IgnoredOptions: ParsableArguments {
    @Option(name: .long, help: .hidden) var queueWorkers: String?
    @Option(name: .long, help: .hidden) var tick: String?
    @Option(name: .long, help: .hidden) var redisUri: String?
    @Option(name: .long, help: .hidden) var postgresUri: String?
    @Option(name: .long, help: .hidden) var postgresMaxIdleConns: String?
    @Option(name: .long, help: .hidden) var postgresMaxOpenConns: String?
    @Option(name: .long, help: .hidden) var postgresConnMaxIdleTime: String?
    @Option(name: .long, help: .hidden) var postgresConnMaxLifetime: String?
    @Option(name: .long, help: .hidden) var connectGatewayPort: String?
    @Option(name: .long, help: .hidden) var connectGatewayGrpcPort: String?
    @Option(name: .long, help: .hidden) var connectExecutorGrpcPort: String?
    @Option(name: .long, help: .hidden) var connectGatewayGrpcIp: String?
    @Option(name: .long, help: .hidden) var connectExecutorGrpcIp: String?
    @Option(name: .long, help: .hidden) var debugApiPort: String?
    @Option(name: .long, help: .hidden) var systemTraceEndpoint: String?
    @Option(name: .long, help: .hidden) var systemTraceUrlPath: String?
    @Flag(name: .long, help: .hidden) var persist = false

    /// The flags that were given, as they were written.
    var given: [String] {
        let options: [(String, String?)] = [
            ("--queue-workers", queueWorkers), ("--tick", tick), ("--redis-uri", redisUri),
            ("--postgres-uri", postgresUri), ("--postgres-max-idle-conns", postgresMaxIdleConns),
            ("--postgres-max-open-conns", postgresMaxOpenConns),
            ("--postgres-conn-max-idle-time", postgresConnMaxIdleTime),
            ("--postgres-conn-max-lifetime", postgresConnMaxLifetime),
            ("--connect-gateway-port", connectGatewayPort),
            ("--connect-gateway-grpc-port", connectGatewayGrpcPort),
            ("--connect-executor-grpc-port", connectExecutorGrpcPort),
            ("--connect-gateway-grpc-ip", connectGatewayGrpcIp),
            ("--connect-executor-grpc-ip", connectExecutorGrpcIp),
            ("--debug-api-port", debugApiPort), ("--system-trace-endpoint", systemTraceEndpoint),
            ("--system-trace-url-path", systemTraceUrlPath),
        ]
        var names = options.filter { $0.1 != nil }.map(\.0)
        if persist { names.append("--persist") }
        return names
    }
}
