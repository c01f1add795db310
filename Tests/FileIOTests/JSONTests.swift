import FileIO
import Testing

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONParser().parse(Array(text.utf8))
  }

  @Test("documents come back as they were written")
  func roundTrip() throws {
    let text = #"{"b":[1,-2.5e3,true,false,null,"é\n\"\\"],"a":{},"c":[]}"#
    #expect(String(decoding: JSONWriter.bytes(try parse(text)), as: UTF8.self) == text)
  }

  @Test("numbers keep their text, so that integers are told from others")
  func numbers() throws {
    #expect(try parse("9007199254740993").int == 9_007_199_254_740_993)
    for text in ["1.0", "1e0", "-0"] { #expect(try parse(text).int == nil) }
    #expect(try parse("1e2").double == 100)
    for text in ["01", "+1", "1.", ".5", "1e", "0x1", "NaN", "-"] {
      #expect(throws: JSONError.self, "\(text)") { try parse(text) }
    }
  }

  @Test("escapes are resolved, and pairs of surrogates joined")
  func escapes() throws {
    #expect(try parse(#""\u0041\/\b\ud83d\ude00""#).string == "A/\u{8}😀")
    for text in [#""\ud800""#, #""\udc00\ud800""#, #""\x""#, #""\u12g4""#, "\"\n\""] {
      #expect(throws: JSONError.self, "\(text)") { try parse(text) }
    }
  }

  @Test("names that differ by bytes are two names, equal ones are refused")
  func names() throws {
    #expect(try parse("{\"\u{E9}\":1,\"e\u{301}\":2}").members?.count == 2)
    let error = #expect(throws: JSONError.self) { try parse(#"{"a":1,"\u0061":2}"#) }
    #expect(error?.rule == .duplicateName("a"))
    #expect(error?.offset == 7)
  }

  @Test("nesting is limited")
  func depth() throws {
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    #expect(throws: JSONError.self) { try parse(deep) }
  }
}
