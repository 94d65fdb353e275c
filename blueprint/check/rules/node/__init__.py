"""Rules about Node."""

GROUPS = ("",)
