"""Rules about DaemonSet."""

GROUPS = ("apps",)
