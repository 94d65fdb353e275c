"""Rules about ServiceMonitor."""
