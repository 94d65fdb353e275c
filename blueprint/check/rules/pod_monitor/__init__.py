"""Rules about PodMonitor."""

GROUPS = ("monitoring.coreos.com",)
