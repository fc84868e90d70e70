// swift-tools-version:6.2
import CompilerPluginSupport
import PackageDescription

// Every target is one room of the house described in docs/architecture.md. Arrows point one way:
// Server → Node → Engine and Store → Core, and the SDK → Core. The compiler enforces it because a room that is not
// listed as a dependency cannot be imported.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// What an example needs that a server calls.
let served: [Target.Dependency] = ["ApusHummingbird", .product(name: "Hummingbird", package: "hummingbird")]

/// A program of Examples; see its README for why they are part of this package.
func example(_ name: String, at path: String, _ dependencies: [Target.Dependency] = served) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["Apus", .product(name: "Logging", package: "swift-log")] + dependencies,
        path: "Examples/\(path)",
        exclude: ["README.md", "run-test.sh"],
        swiftSettings: strict
    )
}

let package = Package(
    name: "apus",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "apus", targets: ["ApusCLI"]),
        .library(name: "Apus", targets: ["Apus"]),
        .library(name: "ApusHummingbird", targets: ["ApusHummingbird"]),
        .library(name: "ApusMacros", targets: ["ApusMacros"]),
        .library(name: "ApusTesting", targets: ["ApusTesting"]),
        .library(name: "ApusEmbedded", targets: ["ApusEmbedded"]),
        .library(name: "ApusEmbeddedDashboard", targets: ["ApusEmbeddedDashboard"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-syntax", exact: "603.0.1"),
    ],
    targets: [
        .target(name: "CApusHash"),
        .target(name: "ApusCore", dependencies: ["CApusHash"], swiftSettings: strict),
        .target(name: "ApusCEL", dependencies: ["ApusCore"], swiftSettings: strict),
        .target(name: "ApusCron", swiftSettings: strict),
        .target(
            name: "ApusEngine",
            dependencies: [
                "ApusCEL", "ApusCore", "ApusCron",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ApusStore",
            dependencies: ["ApusCore", "ApusEngine"],
            swiftSettings: strict
        ),
        .target(
            name: "ApusSQLite",
            dependencies: [
                "ApusCore", "ApusEngine", "ApusStore",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ApusNode",
            dependencies: [
                "ApusCore", "ApusEngine", "ApusStore",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ApusServer",
            dependencies: [
                "ApusCore", "ApusCron", "ApusEngine", "ApusStore", "ApusNode",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ApusDashboard",
            dependencies: [
                "ApusCore", "ApusCron", "ApusEngine", "ApusStore", "ApusNode", "ApusServer",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            // Embedded by Scripts/embed-dashboard.py.
            exclude: ["Assets", "Templates"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "ApusCLI",
            dependencies: [
                "ApusCore", "ApusDashboard", "ApusEngine", "ApusNode", "ApusServer", "ApusSQLite", "ApusStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Apus",
            dependencies: ["ApusCore", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        .target(
            name: "ApusHummingbird",
            dependencies: [
                "Apus",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        // Nothing else depends on it, so that nobody builds swift-syntax who does not want it.
        .target(name: "ApusMacros", dependencies: ["Apus", "ApusMacrosPlugin"], swiftSettings: strict),
        .macro(
            name: "ApusMacrosPlugin",
            dependencies: [
                .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                .product(name: "SwiftParser", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            ],
            swiftSettings: strict
        ),
        // For users' tests: nothing that the SDK does not have, so that it is built quickly.
        .target(
            name: "ApusTesting",
            dependencies: ["Apus", "ApusCEL", "ApusCore", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        // The engine inside an app, without the web framework.
        .target(
            name: "ApusEmbedded",
            dependencies: [
                "Apus", "ApusCore", "ApusEngine", "ApusNode", "ApusSQLite", "ApusStore",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ApusEmbeddedDashboard",
            dependencies: [
                "Apus", "ApusDashboard", "ApusEmbedded", "ApusNode", "ApusServer",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "ApusBenchmarks",
            dependencies: [
                "Apus", "ApusCore", "ApusEmbedded", "ApusEngine", "ApusStore", "ApusSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Benchmarks",
            exclude: ["RESULTS.md"],
            swiftSettings: strict
        ),
        // An app of the SDK, which Tests/EndToEnd runs.
        .executableTarget(
            name: "SDKTestApp",
            dependencies: [
                "Apus", "ApusHummingbird", "ApusTesting",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/SDKTestApp",
            swiftSettings: strict
        ),
        example("ApprovalExample", at: "approval"),
        example("DocumentPipelineExample", at: "document-pipeline"),
        example("EmbeddedCLIExample", at: "embedded-cli", ["ApusEmbedded"]),
        example("FanOutExample", at: "fan-out"),
        example("NightlyReportExample", at: "nightly-report"),
        example("OnboardingExample", at: "onboarding"),
        example("OrderSagaExample", at: "order-saga"),
        .testTarget(
            name: "ExampleTests",
            dependencies: [
                "Apus", "ApusTesting", "ApprovalExample", "DocumentPipelineExample", "FanOutExample",
                "NightlyReportExample", "OnboardingExample", "OrderSagaExample",
            ],
            path: "Examples/Tests",
            swiftSettings: strict
        ),
        // A program with an embedded engine, which EmbeddedTests kills.
        .executableTarget(
            name: "EmbeddedTestApp",
            dependencies: ["Apus", "ApusEmbedded", .product(name: "Logging", package: "swift-log")],
            path: "Tests/EmbeddedTestApp",
            swiftSettings: strict
        ),
        .testTarget(
            name: "EmbeddedTests",
            dependencies: [
                "Apus", "ApusCore", "ApusEmbedded", "ApusEmbeddedDashboard", "ApusEngine", "ApusHummingbird",
                "ApusNode",
                "ApusStore",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SDKTests",
            dependencies: ["Apus", "ApusCore", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        .testTarget(name: "MacroTests", dependencies: ["Apus", "ApusMacros"], swiftSettings: strict),
        .testTarget(name: "SDKTestingTests", dependencies: ["Apus", "ApusCore", "ApusTesting"], swiftSettings: strict),
        .testTarget(name: "CoreTests", dependencies: ["ApusCore", "CApusHash"], swiftSettings: strict),
        .testTarget(name: "CELTests", dependencies: ["ApusCEL", "ApusCore"], swiftSettings: strict),
        .testTarget(name: "CronTests", dependencies: ["ApusCron"], swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["ApusCore", "ApusEngine"], swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "ApusCore", "ApusEngine", "ApusStore", "ApusSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["ApusCore", "ApusCron", "ApusEngine", "ApusStore", "ApusNode"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "ApusCore", "ApusEngine", "ApusStore", "ApusNode",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DashboardTests",
            dependencies: [
                "ApusCore", "ApusDashboard", "ApusEngine", "ApusServer", "ApusStore",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "ApusCore", "ApusDashboard", "ApusEngine", "ApusNode", "ApusSQLite", "ApusServer", "ApusStore",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
