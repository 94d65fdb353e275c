"""Rules about Secret."""

GROUPS = ("",)
