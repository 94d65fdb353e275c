"""Rules about Service."""

GROUPS = ("",)
