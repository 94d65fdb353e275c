"""The bundle: objects with provenance, and their form on disk."""
