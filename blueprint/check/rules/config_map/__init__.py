"""Rules about ConfigMap: files that operands read and that make them fail."""

GROUPS = ("",)
