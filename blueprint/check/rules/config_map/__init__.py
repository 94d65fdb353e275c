"""Rules about ConfigMap: files that operands read, and that fail there."""

GROUPS = ("",)
