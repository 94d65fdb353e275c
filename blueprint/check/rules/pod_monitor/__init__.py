"""Rules about PodMonitor."""
