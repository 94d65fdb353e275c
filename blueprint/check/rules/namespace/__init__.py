"""Rules about Namespace."""

GROUPS = ("",)
