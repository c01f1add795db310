import FileIO
import ImgcFormat
import TestSupport
import Testing

/// A file that breaks one rule, and the message it must get.
struct RefusedArtifact: Sendable, CustomTestStringConvertible {
  let name: String
  let message: String
  var isLimit = false
  let make: @Sendable () -> CraftedArtifact

  init(
    _ name: String, _ message: String, isLimit: Bool = false,
    _ make: @escaping @Sendable () -> CraftedArtifact
  ) {
    self.name = name
    self.message = message
    self.isLimit = isLimit
    self.make = make
  }

  var testDescription: String { name }
}

private let first = [UInt8]("first tensor".utf8)
private let second = [UInt8]("other tensor".utf8)

/// Two tensors, the first in `frame`.
private func stored(_ frame: [UInt8]) -> CraftedArtifact {
  CraftedArtifact([first, second], frames: [frame, ZstdBytes.frame(second)])
}

/// Two sound tensors, changed by `edit`.
private func edited(_ edit: (inout CraftedArtifact) -> Void) -> CraftedArtifact {
  var file = CraftedArtifact([first, second])
  edit(&file)
  return file
}

private let layoutCases: [RefusedArtifact] = [
  RefusedArtifact("159 a chunk beyond the file", "blobs[1].chunks[0].offset: expected 44") {
    edited { $0.offsets[1] = 1 << 40 }
  },
  RefusedArtifact("159 chunks that overlap", "blobs[1].chunks[0].offset: expected 44, found 16") {
    edited { $0.offsets[1] = $0.offsets[0] }
  },
  RefusedArtifact("159 a gap between chunks", "blobs[1].chunks[0].offset: expected 44, found 45") {
    edited { $0.offsets[1] += 1 }
  },
  RefusedArtifact("159 a frame that runs into the manifest", "planes: expected frames before 72") {
    edited { $0.frameSizes[1] += 1 }
  },
  RefusedArtifact(
    "159 a frame size beyond any chunk's", "blobs[1].chunks[0].planes[0]: limit", isLimit: true
  ) {
    edited { $0.frameSizes[1] = .max }
  },
  RefusedArtifact("160 two chunks swapped", "tensor t0, chunk 0: xxh64: expected") {
    var file = CraftedArtifact([first, second])
    let text = file
    file.frames.swapAt(0, 1)
    // The checksums that the manifest states are those of the frames in their places.
    let (a, b) = (
      text.frames.map(CraftedArtifact.checksum)[0], text.frames.map(CraftedArtifact.checksum)[1]
    )
    file.editManifest = {
      $0.replacing(a, with: "A").replacing(b, with: a).replacing("A", with: b)
    }
    return file
  },
  RefusedArtifact("160 two chunks swapped with their checksums", "tensor t0: sha256: expected") {
    edited { $0.frames.swapAt(0, 1) }
  },
  RefusedArtifact("161 a tensor renamed", "manifest: content: sha256: expected") {
    edited { $0.editManifest = { $0.replacing(#""t1""#, with: #""t2""#) } }
  },
  RefusedArtifact(
    "161 a tensor renamed to another's name", "expected each name once, found t0 twice"
  ) {
    edited { $0.editManifest = { $0.replacing(#""t1""#, with: #""t0""#) } }
  },
]

private let baseCases: [RefusedArtifact] = [
  RefusedArtifact("a base that is no earlier blob", "blobs[0].base: expected an earlier blob") {
    edited { $0.editManifest = { $0.replacing(#""rotate":0,"#, with: #""rotate":0,"base":1,"#) } }
  },
  RefusedArtifact("a difference without a base", "blobs[0].base: expected a base for differences") {
    edited {
      $0.editManifest = { $0.replacing(#""planes""#, with: #""difference":true,"planes""#) }
    }
  },
]

private let frameCases: [RefusedArtifact] = [
  RefusedArtifact("162 no content size", "expected a content size of 12, found none") {
    stored(ZstdBytes.frame(first, descriptor: 0x04, contentSize: [0x58]))
  },
  RefusedArtifact("163 a content size too small", "expected a content size of 12, found 11") {
    stored(ZstdBytes.frame(first, contentSize: little(UInt32(11))))
  },
  RefusedArtifact("163 a content size too large", "expected a content size of 12, found 13") {
    stored(ZstdBytes.frame(first, contentSize: little(UInt32(13))))
  },
  RefusedArtifact("163 less content than stated", "expected a frame that decodes") {
    stored(ZstdBytes.frame(Array(first.dropLast()), contentSize: little(UInt32(12))))
  },
  RefusedArtifact("163 more content than stated", "expected a frame that decodes") {
    stored(ZstdBytes.frame(first + [0], contentSize: little(UInt32(12))))
  },
  RefusedArtifact(
    "164 a frame of 1 GiB of zeros", "expected a content size of 12, found 1073741824"
  ) {
    stored(ZstdBytes.bomb(1 << 30))
  },
  RefusedArtifact("164 a manifest that says it is huge", "manifestPlainSize: limit", isLimit: true)
  {
    edited { $0.manifestPlainSize = 600 << 20 }
  },
  RefusedArtifact(
    "165 a window of 2^28 bytes", "window: limit: expected at most 2^23", isLimit: true
  ) {
    stored(ZstdBytes.frame(first, descriptor: 0x84, contentSize: [0x90] + little(UInt32(12))))
  },
  RefusedArtifact("166 a skippable frame", "expected a zstd frame, found other bytes") {
    stored(little(UInt32(0x184D_2A50)) + little(UInt32(12)) + first)
  },
  RefusedArtifact("166 a frame of zstd 0.7", "expected a zstd frame, found other bytes") {
    stored([0x27] + ZstdBytes.frame(first).dropFirst())
  },
  RefusedArtifact("166 a second frame behind the first", "expected a frame of 56 bytes, found 28") {
    stored(ZstdBytes.frame(first) + ZstdBytes.frame(first))
  },
  RefusedArtifact("167 a dictionary", "expected no dictionary, found a dictionary id") {
    stored(ZstdBytes.frame(first, descriptor: 0xA5, contentSize: [7] + little(UInt32(12))))
  },
  RefusedArtifact("168 no checksum", "expected a content checksum, found none") {
    stored(ZstdBytes.frame(first, descriptor: 0xA0, checksum: []))
  },
  RefusedArtifact("168 a wrong checksum", "expected a frame that decodes, found Restored data") {
    stored(ZstdBytes.frame(first, checksum: [1, 2, 3, 4]))
  },
  RefusedArtifact("169 the reserved bit", "expected the reserved bit clear, found it set") {
    stored(ZstdBytes.frame(first, descriptor: 0xAC))
  },
]

@Suite("Containers that break a rule")
struct ContainerRuleTests {
  @Test("the crafted file without a fault is sound")
  func sound() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.imgc", CraftedArtifact([first, second]).bytes)
    let file = try ImgcFile(path: path)
    try file.verifyAll()
    #expect(try file.model.components[0].weights.tensor(0).array(of: UInt8.self) == first)
  }

  @Test("a tensor of two chunks whose own digest is another's, though each chunk's is right")
  func tensorDigest() throws {
    let folder = try TemporaryFolder()
    let begin = (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0) }
    for (last, isSound) in [(1, true), (2, false)] as [(UInt8, Bool)] {
      var crafted = CraftedArtifact(
        [begin, [1]], frames: [ZstdBytes.frame(begin), ZstdBytes.frame([last])])
      crafted.tensors = [0..<2]
      let path = try folder.write("\(last).imgc", crafted.bytes)
      let file = try ImgcFile(path: path)
      if isSound {
        try file.verifyAll()
      } else {
        let error = #expect(throws: ImgcError.self) { try file.verifyAll() }
        #expect("\(try #require(error))".contains("tensor t0: sha256: expected"))
      }
      try ReferenceReader.compare(path, isAccepted: isSound)
    }
  }

  @Test("each is refused with its message", arguments: layoutCases + baseCases + frameCases)
  func refused(_ refused: RefusedArtifact) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.imgc", refused.make().bytes)
    let error = #expect(throws: ImgcError.self) { try ImgcFile(path: path).verifyAll() }
    let found = try #require(error)
    #expect("\(found)".contains(refused.message), "\(found)")
    #expect(found.isLimit == refused.isLimit)
    try ReferenceReader.compare(path, isAccepted: false)
  }

  @Test("164 1 GiB of zeros in a sound file is read chunk by chunk, not at once")
  func zeros() throws {
    // Four MiB stand for any number of them: a chunk's frame may not hold more.
    let folder = try TemporaryFolder()
    let plain = [UInt8](repeating: 0, count: 4 << 20)
    let path = try folder.write("m.imgc", CraftedArtifact([plain + [0]]).bytes)
    let error = #expect(throws: ImgcError.self) { try ImgcFile(path: path) }
    #expect("\(try #require(error))".contains("chunks: expected 2"))
  }
}
