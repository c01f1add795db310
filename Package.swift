// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: language mode 6 with explicit existentials.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
]

/// A library module of the project and the modules it may import.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The test target of a module.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
  name: "imgconv",
  products: [],
  traits: [
    .trait(name: "MPI", description: "Distillation over several processes; needs libopenmpi-dev.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // Foundation: files, tensors, graphs.
    module("FileIO"),
    module("Tensors", ["FileIO"]),
    module("ModelGraph", ["FileIO", "Tensors"]),
    // ONNX: protobuf-c, the schema compiled by it, the format.
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
    .target(name: "COnnxSchema", dependencies: ["CProtobufC"]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    module(
      "ImgcFormat",
      [
        "FileIO", "Tensors", "ModelGraph", "CZstd", "CImgKernels",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    module("SafetensorsFormat", ["FileIO", "Tensors"]),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    tests("FileIO", ["TestSupport"]),
    tests("SafetensorsFormat", ["FileIO", "Tensors", "TestSupport"]),
    tests(
      "ImgcFormat",
      [
        "FileIO", "Tensors", "ModelGraph", "CImgKernels", "TestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    module("ONNXFormat", ["FileIO", "Tensors", "ModelGraph", "COnnxSchema"]),
    tests("ONNXFormat", ["FileIO", "Tensors", "ModelGraph"]),
    // Kernels: C with SIMD, and their Swift face. OpenBLAS is opened at run time, never linked.
    .systemLibrary(
      name: "COpenBLAS", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .target(name: "CImgKernels"),
    module("Kernels", ["Tensors", "CImgKernels", "COpenBLAS"]),
    tests("Kernels", ["CImgKernels"]),
    .executableTarget(
      name: "kernels-benchmark", dependencies: ["Kernels"], path: "Benchmarks/kernels",
      swiftSettings: strict),
    module("GGUFFormat", ["FileIO", "Tensors", "Kernels"]),
    tests("GGUFFormat", ["FileIO", "Tensors", "TestSupport"]),
    // Operators.
    module("Operators", ["FileIO", "Tensors", "ModelGraph", "Kernels"]),
    tests("Operators", ["Tensors", "ModelGraph"]),
    module("Runtime", ["FileIO", "Tensors", "ModelGraph", "Kernels", "Operators"]),
    tests("Runtime", ["FileIO", "Tensors", "ModelGraph", "Kernels", "Operators", "TestSupport"]),
    // Architectures: configurations and checkpoints into graphs.
    module("Architectures", ["FileIO", "Tensors", "ModelGraph", "SafetensorsFormat"]),
    tests(
      "Architectures",
      [
        "FileIO", "Tensors", "ModelGraph", "SafetensorsFormat", "Runtime", "Operators",
        "TestSupport",
      ]),
    // What is built on the runtime.
    module(
      "Diffusion", ["FileIO", "Tensors", "ModelGraph", "Kernels", "Operators", "Runtime"]),
    tests("Diffusion", ["FileIO", "Tensors", "ModelGraph", "SafetensorsFormat", "TestSupport"]),
    module(
      "Quantization",
      [
        "FileIO", "Tensors", "ModelGraph", "Kernels", "Operators", "Runtime", "Diffusion",
        .product(name: "Yams", package: "Yams"),
      ]),
    tests(
      "Quantization",
      ["FileIO", "Tensors", "ModelGraph", "Kernels", "Operators", "Runtime", "TestSupport"]),
    module(
      "Distillation",
      [
        "FileIO", "Tensors", "ModelGraph", "Kernels", "Operators", "Runtime", "Diffusion",
        "Quantization", .product(name: "Yams", package: "Yams"),
      ]),
    tests(
      "Distillation",
      [
        "FileIO", "Tensors", "ModelGraph", "Operators", "Runtime", "Diffusion", "Quantization",
        "ONNXFormat", "TestSupport",
      ]),
    module(
      "Verification",
      [
        "FileIO", "Tensors", "ModelGraph", "Kernels", "Operators", "Runtime", "Diffusion",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    tests("Verification", ["FileIO", "Tensors", "ModelGraph", "TestSupport"]),
    .testTarget(
      name: "OnnxNodeTests",
      dependencies: ["FileIO", "Tensors", "ModelGraph", "ONNXFormat", "Operators", "Runtime"],
      swiftSettings: strict),
    // The commands and the tool.
    .systemLibrary(
      name: "CPng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "COpenMPI", pkgConfig: "ompi-c",
      providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    module(
      "ImgconvKit",
      [
        "FileIO", "Tensors", "ModelGraph", "Kernels", "SafetensorsFormat", "ONNXFormat",
        "ImgcFormat", "GGUFFormat", "Architectures", "Operators", "Runtime", "Diffusion",
        "Quantization",
        "Distillation", "Verification", "CPng",
        .target(name: "COpenMPI", condition: .when(traits: ["MPI"])),
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .executableTarget(
      name: "imgconv",
      dependencies: [
        "ImgconvKit", "FileIO", "Tensors", "ModelGraph", "Kernels", "GGUFFormat", "Diffusion",
        "Quantization", "Distillation", "Verification",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: strict),
    tests(
      "ImgconvKit",
      [
        "FileIO", "Tensors", "ModelGraph", "SafetensorsFormat", "Operators", "Quantization",
        "Verification", "TestSupport",
      ]),
    .testTarget(
      name: "imgconvTests",
      dependencies: [
        "imgconv", "FileIO", "Tensors", "Operators", "SafetensorsFormat", "TestSupport",
      ],
      swiftSettings: strict),
  ]
)

// The fuzz targets are built only by scripts/fuzz, with a sanitizer that supplies their `main`.
if Context.environment["IMGCONV_FUZZ_BUILD"] != nil {
  package.targets.append(
    .executableTarget(
      name: "imgconv-fuzz",
      dependencies: [
        "FileIO", "Tensors", "ModelGraph", "SafetensorsFormat", "ONNXFormat", "ImgcFormat",
        "Quantization", "CImgKernels", "CZstd", .product(name: "Crypto", package: "swift-crypto"),
      ], path: "Fuzz", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
