import FileIO
import Foundation
import ImgcFormat
import ModelGraph

/// `imgconv attest`: statements about how an artifact was made and what it is.
///
/// The same artifact and reports give the same bytes; a time is stated only where
/// `SOURCE_DATE_EPOCH` gave the artifact one.
public struct AttestJob: Sendable {
  /// The artifact, an .imgc.
  public var artifact: String
  /// Verify reports and other files made beside the artifact.
  public var byproducts: [String]
  /// The URI of who built it.
  public var builderID: String

  /// Describes an attestation.
  public init(artifact: String, byproducts: [String] = [], builderID: String = Self.localBuilder) {
    self.artifact = artifact
    self.byproducts = byproducts
    self.builderID = builderID
  }

  /// The builder named where the user names none.
  public static let localBuilder = "urn:imgconv:builder:local"
  private static let buildType = "urn:imgconv:build:v1"

  /// Both statements.
  ///
  /// - Throws: `JobError.option` for another format than .imgc, the formats' errors, `FileIOError`.
  public func run() throws -> (statement: InTotoStatement, bom: CycloneDXDocument) {
    guard try FileFormat(path: artifact) == .imgc else {
      throw JobError.option(name: "attest", expected: "a native file (.imgc)", found: artifact)
    }
    let opened = try ImgcFile(path: artifact)
    let file = try InputFile(path: artifact)
    let subject = InTotoStatement.Resource(
      name: artifact.lastComponent,
      digest: ["sha256": try FileDigest.sha256(file)], mediaType: "application/vnd.imgconv.imgc",
      annotations: ["contentDigest": opened.contentDigest])
    return (
      InTotoStatement(subject: [subject], predicate: try provenance(opened.model)),
      CycloneDXDocument(
        metadata: CycloneDXDocument.Metadata(
          tools: CycloneDXDocument.Tools(
            components: [CycloneDXDocument.Tool(name: "imgconv", version: VersionReport.version)]),
          component: component(opened, fileDigest: subject.digest["sha256"] ?? "")))
    )
  }

  private func provenance(_ model: Model) throws -> InTotoStatement.Provenance {
    let products = try byproducts.map { path in
      InTotoStatement.Resource(
        name: path.lastComponent, digest: ["sha256": try FileDigest.sha256(InputFile(path: path))],
        mediaType: path.hasSuffix(".json") ? "application/json" : nil)
    }
    return InTotoStatement.Provenance(
      buildDefinition: .init(
        buildType: Self.buildType,
        externalParameters: .init(steps: model.provenance.map(Self.step)),
        resolvedDependencies: model.provenance.flatMap(\.inputs).map(Self.resource)),
      runDetails: .init(
        builder: .init(id: builderID, version: ["imgconv": VersionReport.version]),
        metadata: model.provenance.last?.timestamp.map { .init(finishedOn: Self.time($0)) },
        byproducts: products))
  }

  private static func step(_ step: ProvenanceStep) -> InTotoStatement.Provenance.Step {
    .init(
      action: step.action, tool: step.tool, options: step.options,
      inputs: step.inputs.map(resource), notes: step.notes)
  }

  private static func resource(_ input: ProvenanceStep.Input) -> InTotoStatement.Resource {
    InTotoStatement.Resource(name: input.name, digest: ["sha256": input.sha256])
  }

  private static func time(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
  }
}

extension AttestJob {
  private func component(
    _ opened: ImgcFile, fileDigest: String
  ) -> CycloneDXDocument.Component {
    let model = opened.model
    let graphs = model.components.flatMap(\.graphs)
    var seen: Set<String> = []
    // References are unique: one content may have come under two names.
    let ancestors = (model.provenance.first?.inputs ?? []).filter {
      seen.insert($0.sha256).inserted
    }
    return CycloneDXDocument.Component(
      type: "machine-learning-model", reference: "imgc:\(opened.contentDigest)",
      name: artifact.lastComponent, version: String(opened.contentDigest.prefix(12)),
      hashes: [CycloneDXDocument.Hash(content: fileDigest)],
      modelCard: CycloneDXDocument.ModelCard(
        modelParameters: .init(
          modelArchitecture: Self.architecture(model),
          inputs: graphs.flatMap(\.requiredInputs).map(Self.parameter),
          outputs: graphs.flatMap(\.outputs).map(Self.parameter)), quantitativeAnalysis: nil),
      pedigree: CycloneDXDocument.Pedigree(
        ancestors: ancestors.map {
          CycloneDXDocument.Component(
            type: "file", reference: "sha256:\($0.sha256)", name: $0.name,
            hashes: [CycloneDXDocument.Hash(content: $0.sha256)])
        }), properties: Self.properties(opened))
  }

  private static func architecture(_ model: Model) -> String? {
    let names = model.components.compactMap { component in
      component.config.flatMap { try? JSONParser().parse($0) }?["_class_name"]?.string
    }
    return names.isEmpty ? nil : names.joined(separator: ", ")
  }

  private static func parameter(_ value: ValueInfo) -> CycloneDXDocument.InputOutput {
    CycloneDXDocument.InputOutput(format: "\(value.name): \(value.type)")
  }

  private static func properties(_ opened: ImgcFile) -> [CycloneDXDocument.Property] {
    var properties = [
      CycloneDXDocument.Property(name: "imgconv:contentDigest", value: opened.contentDigest)
    ]
    for component in opened.model.components {
      let byteCount = component.weights.tensors.reduce(0) { $0 + $1.byteCount }
      properties += [
        .init(
          name: "imgconv:\(component.label):tensors", value: "\(component.weights.tensors.count)"),
        .init(name: "imgconv:\(component.label):bytes", value: "\(byteCount)"),
        .init(
          name: "imgconv:\(component.label):quantizedTensors",
          value: "\(component.quantization.count)"),
      ]
    }
    return properties
  }
}
