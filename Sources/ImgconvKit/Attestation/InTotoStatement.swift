/// An unsigned in-toto attestation (Statement v1) whose predicate is SLSA provenance v1.
///
/// Source: in-toto Attestation Framework, `spec/v1/statement.md`; SLSA v1.0, `provenance/v1`. Field
/// names are those of the two specifications. Sign it with cosign or any DSSE signer.
public struct InTotoStatement: Encodable, Sendable {
  /// A file, or other content, by its digests.
  public struct Resource: Encodable, Sendable {
    /// Its name, without a folder.
    public var name: String
    /// Digests by algorithm, lower-case hexadecimal.
    public var digest: [String: String]
    /// What kind of content it is, as a media type.
    public var mediaType: String?
    /// Further facts.
    public var annotations: [String: String]?
  }

  /// SLSA provenance v1: what was built how, by what, from what.
  public struct Provenance: Encodable, Sendable {
    struct BuildDefinition: Encodable, Sendable {
      let buildType: String
      let externalParameters: Parameters
      let resolvedDependencies: [Resource]
    }

    struct Parameters: Encodable, Sendable {
      let steps: [Step]
    }

    struct Step: Encodable, Sendable {
      let action: String
      let tool: String
      let options: [String: String]
      let inputs: [Resource]
      let notes: [String]
    }

    struct RunDetails: Encodable, Sendable {
      let builder: Builder
      let metadata: Metadata?
      let byproducts: [Resource]
    }

    struct Builder: Encodable, Sendable {
      let id: String
      let version: [String: String]
    }

    struct Metadata: Encodable, Sendable {
      let finishedOn: String
    }

    let buildDefinition: BuildDefinition
    let runDetails: RunDetails
  }

  private enum CodingKeys: String, CodingKey {
    case type = "_type"
    case subject
    case predicateType
    case predicate
  }

  let type = "https://in-toto.io/Statement/v1"
  let subject: [Resource]
  let predicateType = "https://slsa.dev/provenance/v1"
  let predicate: Provenance
}
