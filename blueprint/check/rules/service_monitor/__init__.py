"""Rules about ServiceMonitor."""

GROUPS = ("monitoring.coreos.com",)
