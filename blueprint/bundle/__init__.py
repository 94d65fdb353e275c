"""The bundle: objects with provenance, in memory and on disk."""
