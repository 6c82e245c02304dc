// swift-tools-version: 6.1
import PackageDescription

/// Strictness every target shares: Swift 6 language mode comes with the tools version.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "pdb",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "pdb", targets: ["pdb"]),
    .library(name: "PDBKit", targets: ["PDBKit"]),
    .library(name: "PDBClient", targets: ["PDBClient", "PDBStore", "PDBModel"]),
    .library(name: "PDBFolder", targets: ["PDBFolder", "PDBStore", "PDBModel"]),
    .library(name: "Raft", targets: ["Raft"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "Raft", swiftSettings: settings),
    // The page is not compiled but embedded, as it is, by the one C file beside it.
    .target(
      name: "Page",
      exclude: [
        "index.html", "machine.html", "machine.mjs", "service-worker.mjs", "style.css", "icon.svg",
        "main.mjs", "storage.mjs", "logic", "network", "view",
      ]),
    // The translations, embedded in the same way.
    .target(name: "Language", exclude: ["vi.po"]),
    .target(name: "CXXHash"),
    .target(name: "CSQLitePages", dependencies: ["CXXHash"]),
    // PDBKit: one target per folder, so that imports enforce the walls.
    .target(
      name: "PDBModel",
      dependencies: ["CXXHash", .product(name: "Crypto", package: "swift-crypto")],
      path: "Sources/PDBKit/Model", swiftSettings: settings),
    .target(
      name: "PDBStore", dependencies: ["PDBModel"], path: "Sources/PDBKit/Store",
      swiftSettings: settings),
    .target(
      name: "PDBClient",
      dependencies: [
        "PDBModel",
        "PDBStore",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Sources/PDBKit/Client", swiftSettings: settings),
    .target(
      name: "PDBImport",
      dependencies: [
        "PDBModel",
        "PDBStore",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Sources/PDBKit/Import", swiftSettings: settings),
    .target(
      name: "PDBLoad",
      dependencies: [
        "PDBModel",
        "PDBStore",
        "PDBClient",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Sources/PDBKit/Load", swiftSettings: settings),
    .target(
      name: "PDBCoordinator",
      dependencies: ["Raft", "PDBModel", .product(name: "Crypto", package: "swift-crypto")],
      path: "Sources/PDBKit/Coordinator", swiftSettings: settings),
    .target(
      name: "PDBStorage",
      dependencies: [
        "Raft",
        "PDBModel",
        "PDBCoordinator",
        "CSQLitePages",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Sources/PDBKit/Storage", swiftSettings: settings),
    .target(
      name: "PDBLocal",
      dependencies: [
        "PDBModel", "PDBStore", "PDBCoordinator", "PDBStorage",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      path: "Sources/PDBKit/Local", swiftSettings: settings),
    .target(
      name: "PDBFolder",
      dependencies: [
        "Raft", "PDBModel", "PDBStore", "PDBClient", "PDBCoordinator", "PDBStorage", "PDBLocal",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      path: "Sources/PDBKit/Folder", swiftSettings: settings),
    .target(
      name: "PDBEtcd",
      dependencies: [
        "PDBModel", "PDBStore", "PDBClient", "PDBCoordinator", "PDBLocal",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Sources/PDBKit/Etcd", swiftSettings: settings),
    .target(
      name: "PDBCluster",
      dependencies: [
        "Raft",
        "PDBModel",
        "PDBStore",
        "PDBClient",
        "PDBCoordinator",
        "PDBStorage",
        "PDBLocal",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Sources/PDBKit/Cluster", swiftSettings: settings),
    .target(
      name: "PDBServer",
      dependencies: [
        "Page",
        "PDBModel",
        "PDBStore",
        "PDBClient",
        "PDBCoordinator",
        "PDBLocal",
        "PDBEtcd",
        "PDBCluster",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCertificateReloading", package: "swift-nio-extras"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      path: "Sources/PDBKit/Server", swiftSettings: settings),
    // All of it under one name.
    .target(
      name: "PDBKit",
      dependencies: [
        "PDBModel", "PDBStore", "PDBClient", "PDBImport", "PDBLoad", "PDBStorage", "PDBFolder",
        "PDBEtcd", "PDBCluster", "PDBServer",
      ],
      path: "Sources/PDBKit",
      exclude: [
        "Model", "Store", "Client", "Import", "Load", "Coordinator", "Storage", "Local", "Folder",
        "Etcd", "Cluster", "Server",
      ],
      sources: ["PDBKit.swift"], swiftSettings: settings),
    .systemLibrary(
      name: "CReadline", pkgConfig: "readline", providers: [.apt(["libreadline-dev"])]),
    .executableTarget(
      name: "pdb",
      dependencies: [
        "PDBKit", "CReadline", "Language", "Simulation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings,
      // -no-pie: 140,000 addresses that need not be corrected at every start, 2 of 8 ms.
      // relro, now: the table of functions that are called in libraries is read-only before main.
      // mimalloc: with the C library's allocator a busy node takes a quarter fewer changes.
      linkerSettings: [
        .unsafeFlags(
          [
            "-Xclang-linker", "-no-pie",
            "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now",
            "-Xlinker", "--no-as-needed", "-Xlinker", "-lmimalloc",
          ], .when(platforms: [.linux], configuration: .release))
      ]),
    // What programs that use the library look like.
    .executableTarget(
      name: "example-counter", dependencies: ["PDBClient", "PDBStore", "PDBModel"],
      path: "Examples/Counter", swiftSettings: settings),
    .executableTarget(
      name: "example-todobot", dependencies: ["PDBClient", "PDBStore", "PDBModel"],
      path: "Examples/TodoBot", swiftSettings: settings),
    .executableTarget(
      name: "example-notes", dependencies: ["PDBFolder", "PDBStore", "PDBModel"],
      path: "Examples/Notes", swiftSettings: settings),
    // The proof: a checker of histories, a simulator of whole clusters, and chaos for real ones.
    .target(name: "Linearizability", path: "Tests/Linearizability", swiftSettings: settings),
    .target(name: "CMemoryFiles", path: "Tests/CMemoryFiles"),
    .target(
      name: "MemoryFiles",
      dependencies: [
        "PDBModel", "PDBStorage", "CMemoryFiles",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      path: "Tests/MemoryFiles", swiftSettings: settings),
    .target(
      name: "Simulation",
      dependencies: [
        "Raft", "PDBModel", "PDBCoordinator", "PDBStorage", "Linearizability", "MemoryFiles",
      ],
      path: "Tests/Simulation", swiftSettings: settings),
    .executableTarget(
      name: "pdb-sim",
      dependencies: [
        "Simulation", "Raft", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/SimulationRunner", swiftSettings: settings),
    // The finders: scripts of what peers and clients may send, run against one node.
    .target(
      name: "Fuzzing",
      dependencies: [
        "Raft", "PDBModel", "PDBStore", "PDBClient", "PDBCoordinator", "PDBStorage", "PDBLocal",
        "PDBCluster",
        "PDBServer", "MemoryFiles",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/Fuzzing", swiftSettings: settings),
    .executableTarget(
      name: "pdb-fuzz",
      dependencies: [
        "Fuzzing", "Raft", "PDBModel", "PDBStorage", "PDBCluster", "PDBServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Tests/Fuzzer", swiftSettings: settings),
    .executableTarget(
      name: "pdb-chaos",
      dependencies: [
        "Linearizability", "Raft",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ],
      path: "Tests/Chaos", swiftSettings: settings),
    .executableTarget(
      name: "pdb-versus",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Tests/Bench", swiftSettings: settings),
    .testTarget(
      name: "LinearizabilityTests", dependencies: ["Linearizability", "Raft"],
      swiftSettings: settings),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Simulation", "Raft", "PDBModel", "PDBCoordinator", "Linearizability"],
      swiftSettings: settings),
    .testTarget(
      name: "FuzzingTests",
      dependencies: [
        "Fuzzing", "Raft", "PDBModel", "PDBStore", "PDBCluster",
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .testTarget(name: "RaftTests", dependencies: ["Raft"], swiftSettings: settings),
    .testTarget(
      name: "PDBKitTests",
      dependencies: [
        "Raft",
        "PDBModel", "PDBStore", "PDBClient", "PDBImport", "PDBLoad", "PDBCoordinator", "PDBStorage",
        "PDBLocal", "PDBEtcd", "PDBCluster", "PDBServer", "MemoryFiles",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "pdbTests",
      dependencies: [
        "PDBKit", "pdb", "example-counter", "example-todobot", "example-notes", "PDBEtcd",
        "PDBStorage",
        "PDBCoordinator", "Raft",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: settings),
  ]
)
