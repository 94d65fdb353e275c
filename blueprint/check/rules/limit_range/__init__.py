"""Rules about LimitRange."""

GROUPS = ("",)
