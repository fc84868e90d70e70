// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "Shop",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://…/apus", exact: "0.1.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        .executableTarget(
            name: "Shop",
            dependencies: [
                .product(name: "Apus", package: "apus"),
                .product(name: "ApusHummingbird", package: "apus"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ]
        ),
        .testTarget(name: "ShopTests", dependencies: ["Shop", .product(name: "ApusTesting", package: "apus")]),
    ]
)
