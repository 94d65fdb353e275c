"""Rules about StatefulSet."""

GROUPS = ("apps",)
