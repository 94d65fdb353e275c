"""Rules about Job."""

GROUPS = ("batch",)
