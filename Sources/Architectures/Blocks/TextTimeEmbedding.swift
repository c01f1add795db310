extension NetworkBuilder {
  /// The condition of a timestep and a pooled text, perhaps of a guidance scale too: `[N, 1,
  /// size]` (diffusers `CombinedTimestepTextProjEmbeddings` and `…GuidanceTextProj…`).
  ///
  /// - Parameters:
  ///   - timestep: `[N]`, fp32.
  ///   - guidance: `[N]`, fp32; nil where the network takes none.
  ///   - pooled: `[N, pooledSize]`.
  func textTimeCondition(
    timestep: String, guidance: String?, pooled: String, pooledSize: Int, size: Int
  ) throws(ArchitectureError) -> String {
    try scope("time_text_embed") { () throws(ArchitectureError) in
      let sinusoids = SinusoidalEmbedding(size: 256, flipsSineToCosine: true, frequencyShift: 0)
      var condition = try timestepEmbedding(
        self.sinusoids(timestep, sinusoids), "timestep_embedder", 256, size)
      if let guidance {
        let embedded = try timestepEmbedding(
          self.sinusoids(guidance, sinusoids), "guidance_embedder", 256, size)
        condition = add("Add", [condition, embedded])
      }
      let text = try timestepEmbedding(pooled, "text_embedder", pooledSize, size)
      return unsqueeze(add("Add", [condition, text]), [1])
    }
  }
}
