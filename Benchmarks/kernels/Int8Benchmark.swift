import Foundation
import Kernels

/// 8-bit products and convolutions of a Stable Diffusion 1.5 UNet's shapes, against fp32 products of the same size.
///
/// Both run in turn on the same threads; the figure is the best of several runs, the ratio int8 time / fp32 time.
enum Int8Benchmark {
  /// C `[rows, columns]` = A `[rows, depth]` · B.
  static let products = [
    (4096, 320, 320), (4096, 320, 2560), (4096, 1280, 320), (1024, 640, 640), (256, 1280, 1280),
    (77, 768, 320),
  ]

  /// Channels in, channels out, side of the square image, of 3 × 3 convolutions with padding 1.
  static let convolutions = [(320, 320, 64), (640, 640, 32), (1280, 1280, 16), (1280, 1280, 8)]

  static func run() throws {
    print("| product | fp32 GFLOPS | int8 GOPS | int8 time / fp32 time |")
    print("|---|---|---|---|")
    for (rows, depth, columns) in products {
      let fp32 = try secondsOfFloat(rows, depth, columns)
      let int8 = try secondsOfInt8(rows, depth, columns)
      report("\(rows) × \(depth) × \(columns)", rows * depth * columns, fp32, int8)
    }
    for (channels, outputs, side) in convolutions {
      let fp32 = try secondsOfFloat(outputs, channels * 9, side * side)
      let int8 = try secondsOfConvolution(channels, outputs, side)
      report(
        "conv 3×3, \(channels) → \(outputs), \(side)×\(side)", outputs * channels * 9 * side * side,
        fp32, int8)
    }
  }

  private static func report(_ name: String, _ products: Int, _ fp32: Double, _ int8: Double) {
    let operations = 2e-9 * Double(products)
    print(
      String(
        format: "| %@ | %.0f | %.0f | %.2f |", name, operations / fp32, operations / int8,
        int8 / fp32))
  }

  private static func best(_ body: () throws -> Void) rethrows -> Double {
    try body()
    var best = Double.infinity
    for _ in 0..<7 {
      let start = DispatchTime.now().uptimeNanoseconds
      try body()
      best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
    }
    return best
  }

  private static func floats(_ count: Int) -> [Float] {
    (0..<count).map { Float($0 % 257) / 257 - 0.5 }
  }

  /// The fp32 product of OpenBLAS; for a convolution, without the im2col it would need.
  private static func secondsOfFloat(_ rows: Int, _ depth: Int, _ columns: Int) throws -> Double {
    let (a, b) = (floats(rows * depth), floats(depth * columns))
    var c = [Float](repeating: 0, count: rows * columns)
    let library = try OpenBLAS.shared
    return best {
      library.sgemm(
        m: rows, n: columns, k: depth, a: a, leadingA: depth, b: b, leadingB: columns, c: &c,
        leadingC: columns)
    }
  }

  /// fp32 in, quantized on the way, fp32 out.
  private static func secondsOfInt8(_ rows: Int, _ depth: Int, _ columns: Int) throws -> Double {
    let x = floats(rows * depth)
    let weights = (0..<depth * columns).map { Int8(truncatingIfNeeded: $0 &* 73) }
    let scales = [Float](repeating: 0.01, count: columns)
    let matrix = try Int8Matrix(
      packing: weights, isSigned: true, depth: depth, columns: columns, depthStride: columns,
      columnStride: 1)
    var bytes = [UInt8](repeating: 0, count: x.count)
    var c = [Float](repeating: 0, count: rows * columns)
    return scales.withUnsafeBufferPointer { scales in
      best {
        LinearQuantization.quantize(
          .uint8, scale: 1 / 255, zeroPoint: 128, x, &bytes, count: x.count)
        matrix.multiply(
          bytes, isSigned: false, rows: rows, zeroPoints: [128], into: &c,
          epilogue: Int8Epilogue(scale: 1 / 255, columnScales: scales.baseAddress))
      }
    }
  }

  private static func secondsOfConvolution(
    _ channels: Int, _ outputs: Int, _ side: Int
  ) throws -> Double {
    let x = floats(channels * side * side)
    let weights = (0..<outputs * channels * 9).map { Int8(truncatingIfNeeded: $0 &* 73) }
    var geometry = Int8Convolution.Geometry(
      channels: channels, outputs: outputs, kernel: (3, 3))
    geometry.padding = (1, 1, 1, 1)
    let convolution = try Int8Convolution(packing: weights, isSigned: true, geometry: geometry)
    var y = [Float](repeating: 0, count: outputs * side * side)
    return try x.withUnsafeBufferPointer { x in
      guard let start = x.baseAddress else { return 0 }
      return try best {
        try convolution.run(
          .float32(start, scale: 1 / 255, zeroPoint: 128), batch: 1, height: side, width: side,
          into: &y, epilogue: Int8Epilogue(scale: 1 / 255))
      }
    }
  }
}
