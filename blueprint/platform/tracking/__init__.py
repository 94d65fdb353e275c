"""Provenance: records all lines of the blueprint and the catalogue that are read while a value is computed."""
