import Diffusion
import FileIO
import Foundation
import ModelGraph
import Testing

@Suite struct TokenizerTests {
  private func check(_ tokenizer: any PromptTokenizer, _ key: String, length: Int) throws {
    let expectations = try TokenizerFixture.expectations(key)
    #expect(expectations.count == 27)
    for expected in expectations {
      #expect(tokenizer.encode(expected.text) == expected.ids, "\(expected.text)")
      let padded = try tokenizer.encode(expected.text, length: length)
      #expect(padded.ids == expected.padded, "\(expected.text)")
      if let mask = expected.mask { #expect(padded.attentionMask == mask, "\(expected.text)") }
    }
  }

  @Test func clipFromVocabularyAndMergesGivesTheTokensOfTransformers() throws {
    let files = try TokenizerFixture.attached("clip")
    let tokenizer = try TokenizerLoader(files: files).load(folder: "tokenizer")
    #expect(tokenizer.frame.length == 77)
    try check(tokenizer, "clip", length: 77)
  }

  @Test func aPaddingTokenOfOneCharacterIsFoundInTheText() throws {
    var files = try TokenizerFixture.attached("clip")
    for index in files.indices where files[index].path.hasSuffix("special_tokens_map.json") {
      files[index].content = Array(#"{"pad_token": "!"}"#.utf8)
    }
    try check(TokenizerLoader(files: files).load(folder: "tokenizer"), "clip2", length: 77)
  }

  @Test func clipFromTokenizerJSONGivesTheSameTokens() throws {
    let files = [
      AttachedFile(
        path: "tokenizer/tokenizer.json", content: try TokenizerFixture.bytes("clip.tokenizer.json")
      )
    ]
    try check(TokenizerLoader(files: files).load(folder: "tokenizer"), "clip", length: 77)
  }

  @Test func t5FromSentencePieceGivesTheTokensOfTransformers() throws {
    let files = try TokenizerFixture.attached("t5")
    try check(TokenizerLoader(files: files).load(folder: "tokenizer"), "t5", length: 32)
  }

  @Test func t5FromTokenizerJSONGivesTheSameTokens() throws {
    let files = [
      AttachedFile(
        path: "tokenizer_2/tokenizer.json", content: try TokenizerFixture.bytes("t5.tokenizer.json")
      )
    ]
    try check(TokenizerLoader(files: files).load(folder: "tokenizer_2"), "t5", length: 32)
  }

  @Test func aLengthTooShortForTheFrameIsRefused() throws {
    let files = try TokenizerFixture.attached("clip")
    let tokenizer = try TokenizerLoader(files: files).load(folder: "tokenizer")
    #expect(throws: DiffusionError.self) { try tokenizer.encode("cat", length: 1) }
    #expect(try tokenizer.encode("cat", length: 2).ids.count == 2)
  }

  @Test func aFolderWithoutVocabularySaysWhatItHolds() throws {
    let files = [AttachedFile(path: "tokenizer/notes.txt", content: [])]
    let error = #expect(throws: DiffusionError.self) {
      try TokenizerLoader(files: files).load(folder: "tokenizer")
    }
    #expect(error?.description.contains("notes.txt") == true)
  }

  @Test(arguments: [
    ("byte_fallback", #""byte_fallback":false"#, #""byte_fallback":true"#),
    ("normalizer", #""type":"Lowercase""#, #""type":"Nmt""#),
    ("pre_tokenizer", #"[\\p{N}]"#, #"[\\p{N}]+"#),
    ("end of word", #""unk_token":"<|endoftext|>""#, #""unk_token":"absent""#),
  ])
  func aStepThatIsNotCLIPsIsRefused(name: String, from: String, to: String) throws {
    let text = String(decoding: try TokenizerFixture.bytes("clip.tokenizer.json"), as: UTF8.self)
    let changed = text.replacingOccurrences(of: from, with: to)
    #expect(changed != text)
    let files = [AttachedFile(path: "t/tokenizer.json", content: Array(changed.utf8))]
    #expect(throws: DiffusionError.self) { try TokenizerLoader(files: files).load(folder: "t") }
  }

  /// Whatever the bytes, reading ends in a tokenizer or in an error, never in a trap.
  @Test func damagedSentencePieceFilesNeverTrap() throws {
    let whole = try TokenizerFixture.bytes("t5/spiece.model")
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var refused = 0
    for round in 0..<150 {
      var bytes = whole
      if round % 3 == 0 { bytes.removeLast(random(bytes.count)) }
      for _ in 0..<4 where !bytes.isEmpty { bytes[random(bytes.count)] = UInt8(random(256)) }
      let files = [AttachedFile(path: "t/spiece.model", content: bytes)]
      if let tokenizer = try? TokenizerLoader(files: files).load(folder: "t") {
        _ = tokenizer.encode("ﬁne words ① and café, 日本語")
      } else {
        refused += 1
      }
    }
    #expect(refused > 30)
  }
}
