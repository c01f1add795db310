/// A CycloneDX 1.6 bill of materials that describes one artifact as a machine-learning model.
///
/// Source: CycloneDX 1.6 JSON (`bom-1.6.schema.json`), `component` of type
/// `machine-learning-model` with its `modelCard`. Field names are the specification's.
public struct CycloneDXDocument: Encodable, Sendable {
  struct Hash: Encodable, Sendable {
    let alg = "SHA-256"
    let content: String
  }

  struct Property: Encodable, Sendable {
    let name: String
    let value: String
  }

  struct InputOutput: Encodable, Sendable {
    let format: String
  }

  struct ModelParameters: Encodable, Sendable {
    let task = "image generation"
    let modelArchitecture: String?
    let inputs: [InputOutput]
    let outputs: [InputOutput]
  }

  struct PerformanceMetric: Encodable, Sendable {
    let type: String
    let value: String
    let slice: String
  }

  struct QuantitativeAnalysis: Encodable, Sendable {
    let performanceMetrics: [PerformanceMetric]
  }

  struct ModelCard: Encodable, Sendable {
    let modelParameters: ModelParameters
    let quantitativeAnalysis: QuantitativeAnalysis?
  }

  struct Pedigree: Encodable, Sendable {
    let ancestors: [Component]
  }

  struct Component: Encodable, Sendable {
    private enum CodingKeys: String, CodingKey {
      case type
      case reference = "bom-ref"
      case name
      case version
      case hashes
      case modelCard
      case pedigree
      case properties
    }

    let type: String
    let reference: String
    let name: String
    var version: String?
    let hashes: [Hash]
    var modelCard: ModelCard?
    var pedigree: Pedigree?
    var properties: [Property]?
  }

  struct Tools: Encodable, Sendable {
    let components: [Tool]
  }

  struct Tool: Encodable, Sendable {
    let type = "application"
    let name: String
    let version: String
  }

  struct Metadata: Encodable, Sendable {
    let tools: Tools
    let component: Component
  }

  let bomFormat = "CycloneDX"
  let specVersion = "1.6"
  let version = 1
  let metadata: Metadata
}
