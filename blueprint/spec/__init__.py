"""The blueprint's language: strict models, parsing with diagnostics, the JSON Schema."""
