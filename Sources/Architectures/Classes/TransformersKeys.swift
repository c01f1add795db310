/// Keys of transformers' `PreTrainedConfig` that change nothing of what an encoder computes at
/// inference: training, generation, labels, versions, token numbers.
enum TransformersKeys {
  /// The keys.
  static let inert: Set<String> = [
    "architectures", "model_type", "transformers_version", "torch_dtype", "dtype", "torchscript",
    "use_bfloat16", "initializer_range", "initializer_factor", "attention_dropout", "dropout",
    "dropout_rate", "classifier_dropout", "use_cache", "gradient_checkpointing", "bos_token_id",
    "pad_token_id", "sep_token_id", "cls_token_id", "decoder_start_token_id",
    "is_encoder_decoder", "add_cross_attention", "cross_attention_hidden_size",
    "tie_encoder_decoder", "tie_word_embeddings", "return_dict", "output_attentions",
    "output_hidden_states", "output_past", "output_scores", "return_dict_in_generate",
    "chunk_size_feed_forward", "id2label", "label2id", "num_labels", "problem_type",
    "finetuning_task", "prefix", "tokenizer_class", "task_specific_params", "min_length",
    "max_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
    "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty",
    "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids",
    "num_return_sequences", "forced_bos_token_id", "forced_eos_token_id",
    "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
    "begin_suppress_tokens", "tf_legacy_loss", "is_composition",
  ]
}

extension ConfigurationReader {
  /// Refuses heads taken out of layers.
  ///
  /// - Throws: `ArchitectureError.value`.
  func requireNoPrunedHeads() throws(ArchitectureError) {
    guard let pruned = raw("pruned_heads"), pruned.members?.isEmpty != true else { return }
    throw value("pruned_heads", expected: "none", pruned)
  }
}
