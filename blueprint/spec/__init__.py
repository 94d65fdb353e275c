"""The blueprint language: strict models, parsing with diagnostics, the JSON Schema."""
