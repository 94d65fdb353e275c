"""Provenance: records every line of the blueprint and the catalogue that is read while a value is computed."""
