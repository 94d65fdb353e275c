"""The catalogue's compatibility rules, applied to a platform."""
