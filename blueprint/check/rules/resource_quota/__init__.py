"""Rules about ResourceQuota."""

GROUPS = ("",)
