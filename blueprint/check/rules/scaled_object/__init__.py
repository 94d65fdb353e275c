"""Rules about ScaledObject."""

GROUPS = ("keda.sh",)
