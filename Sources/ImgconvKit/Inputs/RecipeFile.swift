import FileIO
import Quantization

/// The text of a recipe in a file.
public enum RecipeFile {
  /// Reads the recipe at `path`.
  ///
  /// - Throws: `FileIOError`; `QuantizationError.recipe` for a file over the limit or not UTF-8.
  public static func text(path: String) throws -> String {
    let file = try InputFile(path: path)
    guard file.size <= Recipe.maximumByteCount else {
      throw QuantizationError.recipe(
        field: path, expected: "at most 1 MiB", found: "\(file.size) bytes")
    }
    let bytes = try file.bytes(at: 0, count: Int(file.size))
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw QuantizationError.recipe(field: path, expected: "UTF-8", found: "other bytes")
    }
    return text
  }
}
